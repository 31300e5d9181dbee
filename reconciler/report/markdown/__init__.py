"""A plan as GitHub Markdown: `render` answers a comment or a job summary within GitHub's limits. No I/O."""

from reconciler.report.markdown.render import COMMENT, SUMMARY, opening, render, share, unplanned

__all__ = ["COMMENT", "SUMMARY", "opening", "render", "share", "unplanned"]
