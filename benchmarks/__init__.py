"""Runs side by side that give the ratios of docs and results.md; never part of a test.

| | |
|---|---|
| what is run | `p1` … `p6`, `login_timing` (S6), `layers` (profile), `freshness/` |
| what we are held against | `ready` (P1), `yardstick` (P2), `written` (P3), `bare` (P6) |
| how sides are run | `servers`, `turns`, `load` with its `*.lua` for wrk, `inside` for `layers` |
| what is in the databases | `content`, `seeding`, `accounts` |
| what is written about it | `report` into results.md, `chart` into docs/images |
"""
