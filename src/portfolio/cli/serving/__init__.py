"""Server processes: how they begin, are watched over, and end."""
