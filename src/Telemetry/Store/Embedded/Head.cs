namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>What one segment of the log holds, in memory: pages of samples by series. One thread adds, any may read while it holds a lease.</summary>
internal sealed class Head(SeriesCatalog catalog, PagePool pool)
{
    private const long MillisecondsOfDay = 86_400_000;

    private readonly Lock gate = new();
    private readonly List<PageBlock> blocks = [];
    private readonly SortedSet<long> days = [];
    private HeadColumn[] columns = pool.RentColumns();
    private long dayBegin = long.MaxValue;
    private readonly List<(int Number, long Time, double Value)> far = [];
    private long? origin;
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
                pool.Return(blocks, columns);
                blocks.Clear();
                columns = [];
            }
        }
    }

    /// <summary>Time of the series' sample that was added last; <see langword="null"/> before the first. For the thread that adds.</summary>
    public long? LastTime(int number) => (uint)number < (uint)columns.Length && !columns[number].IsEmpty ? columns[number].LastTime : null;

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
                if ((ulong)(times[i] - dayBegin) >= MillisecondsOfDay)
                {
                    var day = times[i] / MillisecondsOfDay;
                    days.Add(day);
                    dayBegin = day * MillisecondsOfDay;
                }

                var number = numbers[i];
                origin ??= times[i];
                if (number >= columns.Length)
                {
                    Array.Resize(ref columns, Math.Max(Math.Max(1024, columns.Length * 2), number + 1));
                }

                ref var column = ref columns[number];
                var offset = times[i] - origin.GetValueOrDefault();
                if (offset != (int)offset)
                {
                    // weeks from the others: not worth four bytes with each of these
                    far.Add((number, times[i], values[i]));
                    added += column is { Count: 0, HasFar: false } ? 1 : 0;
                    column.HasFar = true;
                    column.LastTime = times[i];
                    column.LastValue = values[i];
                    continue;
                }

                var place = column.Count % PagePool.PageSamples;
                if (place == 0)
                {
                    added += column is { Count: 0, HasFar: false } ? 1 : 0;
                    AddPage(ref column);
                }

                column.Ascending &= column.Count == 0 || column.HasFar || times[i] > column.LastTime;
                var block = blocks[column.LastPage / PagePool.BlockPages];
                var at = (column.LastPage % PagePool.BlockPages * PagePool.PageSamples) + place;
                block.Times[at] = (int)offset;
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
        foreach (var (number, place) in Catalog.Known(collector.Wanted))
        {
            var (times, values) = SamplesOf(number, collector.From, collector.To, collector.LikeBefore, collector.Room);
            if (times.Length > 0)
            {
                collector.Add(place, times, values);
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

    /// <summary>The days (UTC) that have samples, oldest first.</summary>
    public IReadOnlyList<DateOnly> Days()
    {
        lock (gate)
        {
            return [.. days.Select(static day => DateOnly.FromDayNumber(DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber + (int)day))];
        }
    }

    /// <summary>Numbers of the series with a sample in the range, ascending.</summary>
    public IReadOnlyList<int> SeriesWithin(long from, long to)
    {
        var numbers = new List<int>(Series);
        var count = columns.Length;
        for (var number = 0; number < count; number++)
        {
            if (HasSample(number, from, to))
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    private bool HasSample(int number, long from, long to)
    {
        lock (gate)
        {
            if (number >= columns.Length || columns[number].IsEmpty)
            {
                return false;
            }

            ref var column = ref columns[number];
            if ((column.LastTime >= from && column.LastTime <= to) || (column.HasFar && far.Exists(one => one.Number == number && one.Time >= from && one.Time <= to)))
            {
                return true;
            }

            var page = column.FirstPage;
            for (var left = column.Count; left > 0; left -= PagePool.PageSamples)
            {
                var block = blocks[page / PagePool.BlockPages];
                foreach (var offset in block.Times.AsSpan(page % PagePool.BlockPages * PagePool.PageSamples, Math.Min(PagePool.PageSamples, left)))
                {
                    var time = origin.GetValueOrDefault() + offset;
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

    private void AddPage(ref HeadColumn column)
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
    /// <param name="room">Gets the values.</param>
    /// <returns>Ascending in time, one a time: the last written.</returns>
    public (ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values) SamplesOf(int number, long from, long to, ReadOnlyMemory<long> likeBefore, ValueRoom room)
    {
        lock (gate)
        {
            if (number >= columns.Length || columns[number].IsEmpty)
            {
                return default;
            }

            ref var column = ref columns[number];
            Span<long> few = stackalloc long[PagePool.PageSamples * 16];
            var times = column.Count <= few.Length ? few[..column.Count] : new long[column.Count];
            var ordered = room.Take(column.Count);
            var values = ordered.Span;
            var page = column.FirstPage;
            for (var at = 0; at < values.Length; at += PagePool.PageSamples)
            {
                var block = blocks[page / PagePool.BlockPages];
                var first = page % PagePool.BlockPages * PagePool.PageSamples;
                var length = Math.Min(PagePool.PageSamples, values.Length - at);
                for (var i = 0; i < length; i++)
                {
                    times[at + i] = origin.GetValueOrDefault() + block.Times[first + i];
                }

                block.Values.AsSpan(first, length).CopyTo(values[at..]);
                page = block.Next[page % PagePool.BlockPages];
            }

            if (!column.Ascending || column.HasFar)
            {
                // a far time is never that of another sample, so which of them was written first does not matter
                var own = column.HasFar ? far.Where(one => one.Number == number).ToArray() : [];
                var sorted = SampleOrder.Sorted([.. times, .. own.Select(static one => one.Time)], [.. values, .. own.Select(static one => one.Value)]);
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
}
