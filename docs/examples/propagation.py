"""Plots how long transactions took to spread, from Parquet files or from a copy of the embedded store.

    python propagation.py FOLDER-OF-PARQUET-FILES | STORE.duckdb  [OUT.png]

Needs the packages duckdb and matplotlib.
"""

import sys
from pathlib import Path

import duckdb
import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLUMNS = {
    "delay_p50": "announced by half of the peers",
    "delay_p90": "by nine tenths of them",
    "delay_received": "received here",
}


def points(source: Path) -> duckdb.DuckDBPyRelation:
    """The points of transactions, one for each that was announced."""
    if source.is_dir():
        if not any(source.glob("propagation/*.parquet")):
            sys.exit(
                f"{source} has no file propagation/*.parquet yet: the node writes the files of an hour "
                "a minute after the hour has ended, and the rest when it stops"
            )
        relation = duckdb.sql(f"FROM read_parquet('{source}/propagation/*.parquet', union_by_name = true)")
    elif source.exists():
        connection = store(source)
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        # A store has the table from its first point on.
        if "btcdmon_meta" in tables and "propagation" not in tables:
            sys.exit(f"{source} has no transaction yet: the node writes of each half a minute after it was announced")
        relation = connection.table("propagation")
    else:
        sys.exit(f"{source} does not exist; name a folder of --export parquet: or a store of --export duckdb:")
    # Confirmations are points of their own, which have no delays of announcements.
    return relation.filter("kind = 'tx' AND peers >= 1")


def store(file: Path) -> duckdb.DuckDBPyConnection:
    """The store, which only one process can have open where that one writes."""
    try:
        return duckdb.connect(str(file), read_only=True)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            sys.exit(f"{file} can't be opened: {str(error).splitlines()[0]}")
        sys.exit(f"{file} is in use; copy it with: btcdmon-node backup COPY.duckdb --store duckdb:{file}")


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    source = Path(sys.argv[1])
    try:
        seen = points(source)
        data = seen.filter("peers >= 2").select(", ".join(COLUMNS)).fetchnumpy()
        announced = seen.aggregate("count(*)").fetchall()[0][0]
    except duckdb.Error as error:
        sys.exit(f"{source} can't be read: {str(error).splitlines()[0]}")
    if len(data["delay_p50"]) == 0:
        sys.exit(
            f"{source} has no transaction that two peers announced (of one peer: {announced}): "
            "delays between peers need two of them, and half a minute after the first announcement"
        )
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for column, label in COLUMNS.items():
        # Where a delay is not known, the array is a masked one.
        delays = np.ma.compressed(data[column])
        if len(delays) > 0:
            axes.ecdf(delays / 1000, label=f"{label} ({len(delays):,})")
    axes.set(xscale="log", xlabel="seconds after the first announcement", ylabel="share of transactions")
    axes.grid(alpha=0.3)
    axes.legend()
    out = sys.argv[2] if len(sys.argv) > 2 else "propagation.png"
    figure.savefig(out, dpi=150)
    print(out)


if __name__ == "__main__":
    main()
