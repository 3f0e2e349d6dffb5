"""YAML as authors of front matter mean it, from people we need not trust."""

import re
from typing import Any

import yaml

ALIAS_LIMIT = 16


def load(content: str) -> Any:
    """Dates, decimals, `yes` and `12:30` stay the text that was written: a title 1.10 is no 1.1.

    Only null, true, false and plain integers are read. Raises yaml.YAMLError also for a name
    given twice, for an alias within itself and for more than 16 aliases; ValueError and
    RecursionError for values beyond any use.
    """
    return yaml.load(content, _Loader)  # noqa: S506 - _Loader is a SafeLoader


class _Loader(yaml.SafeLoader):
    aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            return super().compose_node(parent, index)
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # untyped in the stubs
        self.aliases += 1
        if self.aliases > ALIAS_LIMIT:
            raise yaml.MarkedYAMLError(
                problem=f"more than {ALIAS_LIMIT} aliases", problem_mark=mark
            )
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.CollectionNode) and node.end_mark is None:
            raise yaml.MarkedYAMLError(problem="an alias within itself", problem_mark=mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        names = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in names:
                problem = f"{key.value!r} is given twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            names.add(key.value)
        return node


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"(~|null|Null|NULL)?$", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"(0|-?[1-9][0-9]{0,17})$", list("-0123456789")),
    ("merge", r"<<$", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)
