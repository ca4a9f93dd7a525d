"""Plots what crawls found: nodes by network over time, clients, autonomous systems, and churn.

    python crawl.py STORE.duckdb | FOLDER-OF-PARQUET-FILES  [OUT.png]

Needs the packages duckdb and matplotlib.
"""

import sys
from pathlib import Path

import duckdb
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

NETWORKS = ["ipv4", "ipv6", "onion", "i2p", "cjdns", "not_publicly_routable"]
MOST_SHOWN = 10


def tables(source: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the tables crawls and nodes."""
    if source.is_dir():
        connection = duckdb.connect()
        for name in ("crawls", "nodes"):
            if not any(source.glob(f"{name}/*.parquet")):
                sys.exit(f"{source} has no file {name}/*.parquet; btcdmon-node crawl --export parquet:DIR writes them")
            files = f"'{source}/{name}/*.parquet'"
            connection.execute(f"CREATE VIEW {name} AS FROM read_parquet({files}, union_by_name = true)")
        return connection
    if not source.exists():
        sys.exit(f"{source} does not exist; name a store of --export duckdb: or a folder of --export parquet:")
    try:
        return duckdb.connect(str(source), read_only=True)
    except duckdb.IOException as error:
        if "lock" not in str(error):
            sys.exit(f"{source} can't be opened: {str(error).splitlines()[0]}")
        sys.exit(f"{source} is in use; copy it with: btcdmon-node backup COPY.duckdb --store duckdb:{source}")


def bars(axes: plt.Axes, rows: list[tuple[str, int]], title: str) -> None:
    """The largest groups of nodes, the largest on top."""
    names = [name for name, _ in reversed(rows)]
    axes.barh(names, [count for _, count in reversed(rows)])
    axes.set(title=title, xlabel="nodes")


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    source = Path(sys.argv[1])
    connection = tables(source)
    try:
        # A store has these tables from the first crawl on.
        found = connection.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_name IN ('crawls', 'nodes')"
        ).fetchall()
        if len(found) < 2:
            sys.exit(f"{source} has no crawl yet: btcdmon-node crawl makes one")
        columns = ", ".join(["time::TIMESTAMP", *NETWORKS, "joined", "departed"])
        crawls = connection.execute(f"SELECT {columns} FROM crawls ORDER BY time").fetchall()
        newest = "crawl = (SELECT max(crawl) FROM nodes)"
        clients = connection.execute(
            f"SELECT user_agent, count(*) FROM nodes WHERE {newest} GROUP BY 1 ORDER BY 2 DESC LIMIT {MOST_SHOWN}"
        ).fetchall()
        systems = connection.execute(
            f"SELECT 'AS' || asn, count(*) FROM nodes WHERE {newest} AND asn IS NOT NULL "
            f"GROUP BY 1 ORDER BY 2 DESC LIMIT {MOST_SHOWN}"
        ).fetchall()
    except duckdb.Error as error:
        sys.exit(f"{source} can't be read: {str(error).splitlines()[0]}")
    if not crawls:
        sys.exit(f"{source} has no crawl yet: btcdmon-node crawl makes one")
    figure, ((by_time, by_client), (churn, by_system)) = plt.subplots(2, 2, figsize=(11, 7), layout="constrained")
    times = [row[0] for row in crawls]
    shown = [(name, [row[i + 1] for row in crawls]) for i, name in enumerate(NETWORKS)]
    shown = [(name, counts) for name, counts in shown if any(counts)]
    by_time.stackplot(times, *[counts for _, counts in shown], labels=[name for name, _ in shown])
    by_time.set(title="reachable nodes", ylabel="nodes")
    by_time.legend(loc="lower left")
    bars(by_client, clients, "clients, newest crawl")
    later = [row for row in crawls if row[-2] is not None]
    churn.plot([row[0] for row in later], [row[-2] for row in later], label="joined")
    churn.plot([row[0] for row in later], [row[-1] for row in later], label="left")
    churn.set(title="churn since the crawl before", ylabel="nodes")
    churn.legend()
    bars(by_system, systems, "autonomous systems, newest crawl (--asmap)")
    for axes in (by_time, churn):
        axes.tick_params(axis="x", rotation=30)
    out = sys.argv[2] if len(sys.argv) > 2 else "crawl.png"
    figure.savefig(out, dpi=120)
    print(out)


if __name__ == "__main__":
    main()
