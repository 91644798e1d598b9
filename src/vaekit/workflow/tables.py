"""Codes as a table: a row for each data point, with its id and what else is known of it."""

from typing import Any

import pyarrow as pa

from vaekit.workflow.use import Codes


def code_table(found: Codes, *, categories: bool = False) -> Any:
    """Codes (N, D) as an Arrow table: id, label, label_name, what else is known, z0, z1, …

    categories: whether the names of labels are a dictionary in the order of the labels, which
        pandas reads as a category, rather than texts.
    """
    columns: dict[str, Any] = {"id": pa.array(found.ids, pa.string())}
    if found.labels is not None:
        columns["label"] = found.labels
        if found.label_names is not None:
            names = pa.array(found.label_names, pa.string())
            named = pa.DictionaryArray.from_arrays(found.labels, names)
            columns["label_name"] = named if categories else named.dictionary_decode()
    columns |= {name: column for name, column in found.columns.items() if name not in columns}
    columns |= {f"z{number}": each for number, each in enumerate(found.codes.T)}
    return pa.table(columns)
