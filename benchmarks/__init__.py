"""The figures of Casefile: `./dev bench [NAME…]`. Each compares with a plain way of doing the same, in one run."""
