namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Room for many short pages of samples, as columns.</summary>
/// <param name="Times">Milliseconds after the head's first time, or before it.</param>
internal sealed record PageBlock(int[] Times, double[] Values, int[] Next);

/// <summary>Blocks of pages that are used again by the next segment: allocated anew, they would be most of the garbage.</summary>
internal sealed class PagePool
{
    /// <summary>Samples of a page: so many of one series stand together.</summary>
    public const int PageSamples = 4;

    public const int BlockPages = 4096;

    /// <summary>Kept for use again, in blocks: about those of one long segment.</summary>
    private const int MostKept = 40;

    private readonly Lock gate = new();
    private readonly Stack<PageBlock> kept = [];

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

    public void Return(List<PageBlock> blocks)
    {
        lock (gate)
        {
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
