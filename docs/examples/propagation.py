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
    """The transactions that at least two peers announced, one row each."""
    if source.is_dir():
        relation = duckdb.sql(f"FROM read_parquet('{source}/propagation/*.parquet', union_by_name = true)")
    else:
        relation = duckdb.connect(str(source), read_only=True).table("propagation")
    # Confirmations are points of their own, which have no delays of announcements.
    return relation.filter("kind = 'tx' AND peers >= 2")


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    data = points(Path(sys.argv[1])).select(", ".join(COLUMNS)).fetchnumpy()
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for column, label in COLUMNS.items():
        # Where a delay is not known, the array is a masked one.
        delays = np.ma.compressed(data[column])
        axes.ecdf(delays / 1000, label=f"{label} ({len(delays):,})")
    axes.set(xscale="log", xlabel="seconds after the first announcement", ylabel="share of transactions")
    axes.grid(alpha=0.3)
    axes.legend()
    out = sys.argv[2] if len(sys.argv) > 2 else "propagation.png"
    figure.savefig(out, dpi=150)
    print(out)


if __name__ == "__main__":
    main()
