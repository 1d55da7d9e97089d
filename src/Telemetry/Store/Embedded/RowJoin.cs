namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>How rows of a group of series become one, so that a day is some tens of rows a group whatever the length of a segment.</summary>
internal static class RowJoin
{
    /// <summary>So many short rows, the one that is added among them, become one. To join each with the next would encode a sample twice as often.</summary>
    private const int ShortRows = 8;

    /// <summary>So many rows that are neither short nor full become one.</summary>
    private const int LongRows = 8;

    /// <summary>Which rows are joined with what is added: from that one on. Full rows stand before long ones, and long ones before short ones.</summary>
    public static int First(IReadOnlyList<ChunkRow> rows)
    {
        var firstShort = rows.Count;
        while (firstShort > 0 && rows[firstShort - 1].IsShort)
        {
            firstShort--;
        }

        if (rows.Count - firstShort is > 0 and < ShortRows - 1)
        {
            return rows.Count;
        }

        var firstLong = firstShort;
        while (firstLong > 0 && !rows[firstLong - 1].IsFull)
        {
            firstLong--;
        }

        return firstShort - firstLong >= LongRows ? firstLong : firstShort;
    }

    /// <param name="rows">Oldest first.</param>
    /// <param name="room">Gets the values.</param>
    public static List<NumberedColumns> Joined(IReadOnlyList<NumberedColumns>[] rows, ValueRoom room)
    {
        var joined = new List<NumberedColumns>(rows.Select(static row => row.Count).DefaultIfEmpty().Max());
        var times = new JoinedTimes();
        var next = new int[rows.Length];
        var parts = new List<(ReadOnlyMemory<long>, ReadOnlyMemory<double>)>(rows.Length);
        while (true)
        {
            var series = int.MaxValue;
            for (var i = 0; i < rows.Length; i++)
            {
                series = next[i] < rows[i].Count ? Math.Min(series, rows[i][next[i]].Series) : series;
            }

            if (series == int.MaxValue)
            {
                return joined;
            }

            parts.Clear();
            for (var i = 0; i < rows.Length; i++)
            {
                if (next[i] < rows[i].Count && rows[i][next[i]].Series == series)
                {
                    var column = rows[i][next[i]++];
                    parts.Add((column.UnixMilliseconds, column.Values));
                }
            }

            var (at, values) = SampleOrder.Joined(parts, times, room);
            joined.Add(new NumberedColumns(series, at, values));
        }
    }
}
