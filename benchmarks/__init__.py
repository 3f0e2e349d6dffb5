"""Runs side by side that give the ratios of docs and results.md; never part of a test.

| | |
|---|---|
| what is run | `p1` … `p8`, `login_timing` (S6), `bombs` (S53), `stalled` (S74), `crowd` (S96), `layers` (profile), `freshness/` |
| what we are held against | `ready` (P1), `yardstick` (P2), `written` (P3), `bare` (P6), `bare_live` (P8) |
| how sides are run | `servers`, `turns`, `load` with its `*.lua` for wrk, `listening` for P8 and S74, `inside` for `layers` |
| what is in the databases | `content`, `seeding`, `accounts` |
| what is written about it | `report` into results.md, `chart` into docs/images |
"""
