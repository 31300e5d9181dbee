"""Pages for a browser: plans in, one self-contained text of HTML out. No I/O but the templates of this package."""

from reconciler.report.html.plan import render

__all__ = ["render"]
