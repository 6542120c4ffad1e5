"""The method `gallerydl`: the pictures of a post, and what its platform says of it, found by gallery-dl."""
