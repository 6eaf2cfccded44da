"""`storytrail/stories/1`: stories as JSON, written one by one so that any number fits in memory."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from bot.exports.export import Export, Format
from flows.messages import Anchor
from flows.story import Link, Step
from storage.story_reads import StoryRead

SCHEMA = "storytrail/stories/1"


def _write(export: Export) -> Iterator[str]:
    head = {
        "schema": SCHEMA,
        "exported_at": export.exported_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "filters": {
            "community": export.community,
            "for": export.reader,
            "since": export.since.isoformat() if export.since else None,
            "until": export.until.isoformat() if export.until else None,
        },
        "counts": {
            "invited": export.counts.asked,
            "started": export.counts.begun,
            "submitted": export.counts.sent,
            "withdrawn": export.counts.withdrawn,
            "deleted": export.counts.deleted,
            "not_open_to_reader": export.counts.hidden,
        },
    }
    yield json.dumps(head, ensure_ascii=False, indent=2)[:-2] + ',\n  "stories": ['
    between = "\n"
    for story in export.stories:
        yield between + json.dumps(_story(story, export), ensure_ascii=False)
        between = ",\n"
    yield "\n  ]\n}\n"


def _story(story: StoryRead, export: Export) -> dict[str, Any]:
    return {
        "ref": story.ref,
        "community": story.community,
        "flow": {"name": story.flow, "version": story.version},
        "kind": story.kind,
        "origin": story.origin,
        "anchor": _anchor(story.anchor),
        "title": story.title,
        "language": story.language,
        "status": story.status,
        "audience": list(story.audience),
        "attribution": story.attribution,
        "consent_version": story.consent_version,
        "teller": story.teller,
        "platform": story.platform,
        "started_at": story.started_at,
        "submitted_at": story.submitted_at,
        "duration_seconds": story.duration_seconds,
        "worth_it": story.worth_it,
        "reach": story.reach,
        "stop": story.stop,
        "revision": story.revision,
        "steps": [_step(step, _evidence(story, step, export)) for step in story.steps],
        "links": [_link(link) for link in story.links],
        "gaps": list(story.gaps),
        "indicators": list(story.indicators),
        "checked": [
            {"use": c.use, "quotation": c.quotation, "attribution": c.attribution}
            for c in story.checked
        ],
    }


def _anchor(anchor: Anchor | None) -> dict[str, Any] | None:
    if anchor is None:
        return None
    return {"activity": anchor.activity, "date": anchor.date, "link": anchor.link}


def _step(step: Step, evidence: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "order": step.order,
        "part": step.part,
        "cycle": step.cycle,
        "dimension": step.dimension,
        "asked": step.asked,
        "prompted": step.prompted,
        "cycle_from": step.cycle_from,
        "actor": step.actor,
        "text": step.text,
        "choice": step.choice,
        "would_help": step.would_help,
        "status": step.status,
        "date": step.date,
        "evidence": evidence,
        "revisions": step.revisions,
    }


def _evidence(story: StoryRead, step: Step, export: Export) -> list[dict[str, Any]]:
    return [
        {
            "kind": file.kind,
            "name": file.name,
            "mime_type": file.mime_type,
            "size": file.size,
            "caption": file.caption,
            "file": export.files.get((story.ref, step.order, n)),
        }
        for n, file in enumerate(step.evidence, 1)
    ]


def _link(link: Link) -> dict[str, Any]:
    return {
        "from": link.origin,
        "to": link.target,
        "kind": link.kind,
        "because": link.because,
        "other_causes": link.other_causes,
        "counterfactual": link.counterfactual,
        "counterfactual_text": link.counterfactual_text,
        "contribution": link.contribution,
        "contribution_text": link.contribution_text,
    }


def _schema() -> str:
    """The JSON Schema of the export."""
    return files(__package__).joinpath("stories.schema.json").read_text(encoding="utf-8")


JSON = Format(name="json", write=_write, schema=_schema)
