namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>What one segment of the log holds, in memory: pages of samples by series. One thread adds, any may read while it holds a lease.</summary>
internal sealed class Head(SeriesCatalog catalog, PagePool pool)
{
    /// <summary>Samples that are read into one array: not so many that it would stand with the large objects.</summary>
    private const int RoomSamples = 8192;

    private readonly Lock gate = new();
    private readonly List<PageBlock> blocks = [];
    private Column[] columns = [];
    private int pages;
    private int series;
    private long samples;
    private int leases = 1;

    public SeriesCatalog Catalog { get; } = catalog;

    public int Series => Volatile.Read(ref series);

    public long Samples => Interlocked.Read(ref samples);

    /// <returns>Whether the head can be read until <see cref="Release"/>.</returns>
    public bool TryLease()
    {
        lock (gate)
        {
            if (leases == 0)
            {
                return false;
            }

            leases++;
            return true;
        }
    }

    /// <summary>Ends a lease, the first of which is the segment's own. After the last the memory serves another segment.</summary>
    public void Release()
    {
        lock (gate)
        {
            leases--;
            if (leases == 0)
            {
                pool.Return(blocks);
                blocks.Clear();
                columns = [];
            }
        }
    }

    /// <summary>Time of the series' sample that was added last; <see langword="null"/> before the first. For the thread that adds.</summary>
    public long? LastTime(int number) => (uint)number < (uint)columns.Length && columns[number].Count > 0 ? columns[number].LastTime : null;

    /// <summary>Value of the series' sample that was added last; 0 before the first. For the thread that adds.</summary>
    public double LastValue(int number) => (uint)number < (uint)columns.Length ? columns[number].LastValue : 0;

    public void Add(LogBatch batch)
    {
        var numbers = batch.Series;
        var times = batch.Times;
        var values = batch.Values;
        lock (gate)
        {
            var added = 0;
            for (var i = 0; i < numbers.Length; i++)
            {
                var number = numbers[i];
                if (number >= columns.Length)
                {
                    Array.Resize(ref columns, Math.Max(Math.Max(1024, columns.Length * 2), number + 1));
                }

                ref var column = ref columns[number];
                var place = column.Count % PagePool.PageSamples;
                if (place == 0)
                {
                    added += column.Count == 0 ? 1 : 0;
                    AddPage(ref column);
                }

                column.Ascending &= column.Count == 0 || times[i] > column.LastTime;
                var block = blocks[column.LastPage / PagePool.BlockPages];
                var at = (column.LastPage % PagePool.BlockPages * PagePool.PageSamples) + place;
                block.Times[at] = times[i];
                block.Values[at] = values[i];
                column.LastTime = times[i];
                column.LastValue = values[i];
                column.Count++;
            }

            Volatile.Write(ref series, series + added);
        }

        Interlocked.Add(ref samples, numbers.Length);
    }

    public void Read(SeriesCollector collector)
    {
        Memory<double> room = default;
        foreach (var (number, labels) in Catalog.Select(collector.Selector))
        {
            var (times, values) = SamplesOf(number, collector.From, collector.To, collector.LikeBefore, ref room);
            if (times.Length > 0)
            {
                collector.Add(labels, times, values);
            }
        }
    }

    public void Find(SeriesPresence presence)
    {
        foreach (var (number, labels) in Catalog.Select(presence.Selector))
        {
            if (presence.IsWanted(labels) && HasSample(number, presence.From, presence.To))
            {
                presence.Found(labels);
            }
        }
    }

    /// <summary>Every series in order of its number, its samples ascending in time, one a time: the last written.</summary>
    public IEnumerable<NumberedColumns> All()
    {
        var count = columns.Length;
        ReadOnlyMemory<long> before = default;
        Memory<double> room = default;
        for (var number = 0; number < count; number++)
        {
            var (times, values) = SamplesOf(number, long.MinValue, long.MaxValue, before, ref room);
            if (times.Length > 0)
            {
                before = times;
                yield return new NumberedColumns(number, times, values);
            }
        }
    }

    private bool HasSample(int number, long from, long to)
    {
        lock (gate)
        {
            if (number >= columns.Length || columns[number].Count == 0)
            {
                return false;
            }

            ref var column = ref columns[number];
            if (column.LastTime >= from && column.LastTime <= to)
            {
                return true;
            }

            var page = column.FirstPage;
            for (var left = column.Count; left > 0; left -= PagePool.PageSamples)
            {
                var block = blocks[page / PagePool.BlockPages];
                foreach (var time in block.Times.AsSpan(page % PagePool.BlockPages * PagePool.PageSamples, Math.Min(PagePool.PageSamples, left)))
                {
                    if (time >= from && time <= to)
                    {
                        return true;
                    }
                }

                page = block.Next[page % PagePool.BlockPages];
            }

            return false;
        }
    }

    private void AddPage(ref Column column)
    {
        if (pages == blocks.Count * PagePool.BlockPages)
        {
            blocks.Add(pool.Rent());
        }

        if (column.Count == 0)
        {
            column.FirstPage = pages;
            column.Ascending = true;
        }
        else
        {
            blocks[column.LastPage / PagePool.BlockPages].Next[column.LastPage % PagePool.BlockPages] = pages;
        }

        column.LastPage = pages++;
    }

    /// <param name="number">The series.</param>
    /// <param name="from">First wanted time.</param>
    /// <param name="to">Last wanted time.</param>
    /// <param name="likeBefore">Times that are given again, instead of equal ones.</param>
    /// <param name="room">For values of many series; made anew when it is used up.</param>
    private (ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values) SamplesOf(int number, long from, long to, ReadOnlyMemory<long> likeBefore, ref Memory<double> room)
    {
        lock (gate)
        {
            if (number >= columns.Length || columns[number].Count == 0)
            {
                return default;
            }

            ref var column = ref columns[number];
            Span<long> few = stackalloc long[PagePool.PageSamples * 8];
            var times = column.Count <= few.Length ? few[..column.Count] : new long[column.Count];
            if (room.Length < column.Count)
            {
                room = GC.AllocateUninitializedArray<double>(Math.Max(column.Count, RoomSamples));
            }

            var ordered = room[..column.Count];
            var values = ordered.Span;
            room = room[column.Count..];
            var page = column.FirstPage;
            for (var at = 0; at < values.Length; at += PagePool.PageSamples)
            {
                var block = blocks[page / PagePool.BlockPages];
                var first = page % PagePool.BlockPages * PagePool.PageSamples;
                var length = Math.Min(PagePool.PageSamples, values.Length - at);
                block.Times.AsSpan(first, length).CopyTo(times[at..]);
                block.Values.AsSpan(first, length).CopyTo(values[at..]);
                page = block.Next[page % PagePool.BlockPages];
            }

            if (!column.Ascending)
            {
                var sorted = SampleOrder.Sorted(times.ToArray(), values.ToArray());
                times = sorted.Times;
                ordered = sorted.Values;
            }

            var begin = times.BinarySearch(from);
            var end = times.BinarySearch(to);
            begin = begin < 0 ? ~begin : begin;
            end = end < 0 ? ~end : end + 1;
            if (begin >= end)
            {
                return default;
            }

            times = times[begin..end];
            return (times.SequenceEqual(likeBefore.Span) ? likeBefore : times.ToArray(), ordered[begin..end]);
        }
    }

    private struct Column
    {
        public int FirstPage;
        public int LastPage;
        public int Count;
        public bool Ascending;
        public long LastTime;
        public double LastValue;
    }
}
