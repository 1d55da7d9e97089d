namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Room for many short pages of samples, as columns.</summary>
/// <param name="Times">Milliseconds after the head's first time, or before it.</param>
internal sealed record PageBlock(int[] Times, double[] Values, int[] Next);

/// <summary>What a head knows of one series.</summary>
internal struct HeadColumn
{
    public int FirstPage;
    public int LastPage;
    public int Count;
    public bool Ascending;
    public bool HasFar;
    public long LastTime;
    public double LastValue;

    public readonly bool IsEmpty => Count == 0 && !HasFar;
}

/// <summary>Blocks of pages, and the columns that lead to them, that are used again by the next segment: allocated anew, they would be most of the garbage.</summary>
internal sealed class PagePool
{
    /// <summary>Samples of a page: so many of one series stand together.</summary>
    public const int PageSamples = 4;

    public const int BlockPages = 4096;

    /// <summary>Kept for use again, in blocks: about those of one long segment.</summary>
    private const int MostKept = 40;

    private readonly Lock gate = new();
    private readonly Stack<PageBlock> kept = [];
    private HeadColumn[] columns = [];

    public PageBlock Rent()
    {
        lock (gate)
        {
            if (kept.TryPop(out var block))
            {
                return block;
            }
        }

        return new PageBlock(
            GC.AllocateUninitializedArray<int>(BlockPages * PageSamples), GC.AllocateUninitializedArray<double>(BlockPages * PageSamples), new int[BlockPages]);
    }

    /// <returns>Empty columns, as many as a head before needed.</returns>
    public HeadColumn[] RentColumns()
    {
        lock (gate)
        {
            var rented = columns;
            columns = [];
            return rented;
        }
    }

    public void Return(List<PageBlock> blocks, HeadColumn[] used)
    {
        Array.Clear(used);
        lock (gate)
        {
            columns = used.Length > columns.Length ? used : columns;
            foreach (var block in blocks)
            {
                if (kept.Count < MostKept)
                {
                    kept.Push(block);
                }
            }
        }
    }
}
