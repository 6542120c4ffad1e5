"""One file per command. Each is light: what a command needs is imported when it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cli.commands import (
    assess,
    attempts,
    audit,
    backup,
    browse,
    checkpoint,
    collect,
    conclude,
    copy,
    corroborate,
    doctor,
    due,
    duplicates,
    element,
    erase,
    examine,
    export,
    fixity,
    hold,
    holdings,
    identity,
    import_,
    init,
    inquiry,
    items,
    keys,
    lead,
    monitor,
    note,
    open_,
    person,
    plan,
    proof,
    protect,
    receipt,
    receive,
    records,
    redact,
    reindex,
    replicas,
    report,
    review,
    revisits,
    search,
    selftest,
    serve,
    show,
    step,
    tag,
    tools,
    witness,
)

Command = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Group:
    """Commands under one word."""

    help: str
    commands: Mapping[str, Command]
    default: Command | None = None


COMMANDS: Mapping[str, Command] = {
    "init": init.init,
    "collect": collect.collect,
    "browse": browse.browse,
    "import": import_.import_,
    "items": items.items,
    "attempts": attempts.attempts,
    "revisits": revisits.revisits,
    "corroborate": corroborate.corroborate,
    "holdings": holdings.holdings,
    "show": show.show,
    "open": open_.open_,
    "note": note.note,
    "tag": tag.tag,
    "search": search.search,
    "examine": examine.examine,
    "assess": assess.assess,
    "due": due.due,
    "report": report.report,
    "checkpoint": checkpoint.checkpoint,
    "proof": proof.proof,
    "copy": copy.copy,
    "redact": redact.redact,
    "export": export.export,
    "receipt": receipt.receipt,
    "receive": receive.receive,
    "audit": audit.audit,
    "reindex": reindex.reindex,
    "backup": backup.backup,
    "restore": backup.restore,
    "fixity": fixity.fixity,
    "erase": erase.erase,
    "doctor": doctor.doctor,
    "selftest": selftest.selftest,
    "serve": serve.serve,
}
"""The commands in the order of the help."""

GROUPS: Mapping[str, Group] = {
    "person": Group(
        "People who act, and sources of material.",
        {"add": person.add, "list": person.list_, "key": person.key, "keys": person.keys},
    ),
    "plan": Group(
        "Preparation: plan, risks, landscape, data policies, roles, declarations of interest, bulk, tasks, agreements.",
        {
            "list": plan.list_,
            "template": plan.template,
            "record": plan.record,
            "approve": plan.approve,
            "show": plan.show,
            "history": plan.history,
            "export": plan.export,
        },
        default=plan.list_,
    ),
    "inquiry": Group(
        "Online inquiries: research question, what is held about it, keywords, searches, coverage.",
        {
            "list": inquiry.list_,
            "open": inquiry.open_,
            "add": inquiry.add,
            "state": inquiry.state,
            "keyword": inquiry.keyword,
            "search": inquiry.search,
            "close": inquiry.close,
            "show": inquiry.show,
            "coverage": inquiry.coverage,
        },
        default=inquiry.list_,
    ),
    "lead": Group(
        "Leads: what was found, where it came from, and what was decided about it.",
        {"list": lead.list_, "add": lead.add, "link": lead.link, "show": lead.show},
        default=lead.list_,
    ),
    "identity": Group(
        "Virtual identities: what a platform sees of whoever collects under one.",
        {
            "add": identity.add,
            "list": identity.list_,
            "show": identity.show,
            "resume": identity.resume,
            "allow": identity.allow,
            "retire": identity.retire,
        },
        default=identity.list_,
    ),
    "protect": Group(
        "Witnesses and victims under pseudonyms, their consent, and items that are kept closely.",
        {
            "list": protect.list_,
            "add": protect.add,
            "show": protect.show,
            "reveal": protect.reveal,
            "link": protect.link,
            "consent": protect.consent,
            "withdraw": protect.withdraw,
            "item": protect.item,
        },
        default=protect.list_,
    ),
    "duplicates": Group(
        "Near-duplicates: what a machine suggests, and what people decide.",
        {
            "list": duplicates.list_,
            "show": duplicates.show,
            "lookup": duplicates.lookup,
            "compare": duplicates.compare,
            "decide": duplicates.decide,
            "match-hashes": duplicates.match_hashes,
            "export-hashes": duplicates.export_hashes,
        },
        default=duplicates.list_,
    ),
    "step": Group(
        "Steps of verification: each check on an item with its method, result, limits and evidence.",
        {
            "record": step.record,
            "correct": step.correct,
            "list": step.list_,
            "checklist": step.checklist,
            "classify": step.classify,
            "template": step.template,
            "geojson": step.geojson,
            "annotations": step.annotations_,
            "sun": step.sun,
        },
    ),
    "review": Group(
        "The second pair of eyes: assigned by rule, blind until both assessments are in.",
        {
            "assign": review.assign,
            "submit": review.submit,
            "compare": review.compare,
            "reconcile": review.reconcile,
            "lock": review.lock,
            "unlock": review.unlock,
            "release": review.release,
            "waive": review.waive,
            "send": review.send,
            "answer": review.answer,
            "receive": review.receive,
            "agreement": review.agreement,
            "queue": review.queue,
        },
    ),
    "element": Group(
        "Elements of crimes, and the items that bear on each.",
        {"add": element.add, "link": element.link, "matrix": element.matrix},
    ),
    "records": Group(
        "Everything that people recorded: written as sheets, taken over, blank, or filled in on the terminal.",
        {"export": records.export, "import": records.import_, "template": records.template, "form": records.form},
    ),
    "conclude": Group(
        "Claims, and conclusions that answer one each.",
        {"claim": conclude.claim, "draw": conclude.draw, "list": conclude.list_},
    ),
    "monitor": Group(
        "Standing watches: what is new becomes leads and captures, each once.",
        {
            "add": monitor.add,
            "list": monitor.list_,
            "run": monitor.run,
            "pause": monitor.pause,
            "history": monitor.history,
        },
    ),
    "tools": Group(
        "The register of tools that had part in anything; `items --made-by TOOL<VERSION` lists what a defect touches.",
        {
            "list": tools.list_,
            "show": tools.show,
            "vet": tools.vet,
            "errata": tools.errata,
            "upgrade": tools.upgrade,
            "rollback": tools.rollback,
        },
        default=tools.list_,
    ),
    "hold": Group(
        "Legal holds: items that must not be erased.",
        {"set": hold.set_, "lift": hold.lift, "list": hold.list_},
        default=hold.list_,
    ),
    "replicas": Group(
        "The register of copies: medium, site, and whether each still holds what the log says.",
        {
            "add": replicas.add,
            "list": replicas.list_,
            "remove": replicas.remove,
            "check": replicas.check,
            "repair": replicas.repair,
        },
        default=replicas.list_,
    ),
    "keys": Group(
        "The log's key, and the root key that confirms it.",
        {"card": keys.card, "rotate": keys.rotate, "revoke": keys.revoke, "replace-root": keys.replace_root},
    ),
    "witness": Group(
        "Keeping heads of other people's logs, so that none of them can be written anew unseen.",
        {
            "init": witness.init,
            "trust": witness.trust,
            "list": witness.list_,
            "cosign": witness.cosign,
            "head": witness.head,
            "serve": witness.serve,
        },
    ),
}
