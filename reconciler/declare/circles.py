"""Names and what each leads to in, the circles among them out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping


def circles(edges: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """Names that lead to one another, or one that leads to itself: Tarjan's components, without recursion.

    Every name that one leads to has edges of its own. graphlib raises at one circle, and not with all that are in it.
    """
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    for root in edges:
        todo = [] if root in number else [(root, iter(edges[root]))]
        while todo:
            name, inner = todo[-1]
            if name not in number:
                number[name] = low[name] = len(number)
                path.append(name)
                on_path.add(name)
            for other in inner:
                if other not in number:
                    todo.append((other, iter(edges[other])))
                    break
                if other in on_path:
                    low[name] = min(low[name], number[other])
            else:
                todo.pop()
                if todo:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[name])
                if low[name] == number[name]:
                    circle = path[path.index(name) if path[-1] != name else -1 :]
                    del path[-len(circle) :]
                    on_path.difference_update(circle)
                    if circle[1:] or name in edges[name]:
                        yield circle
