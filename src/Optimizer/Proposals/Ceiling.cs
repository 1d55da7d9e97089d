namespace NetPulse.Optimizer.Proposals;

/// <summary>Values of buffers and tables.</summary>
internal static class Ceiling
{
    /// <summary>The largest buffer that is ever proposed: with more, one connection can pin more memory than any path we know needs.</summary>
    public const long LargestBufferBytes = 64L << 20;

    private const long Page = 4096;

    /// <summary>Rounded up to pages, not below what holds and not above the limit.</summary>
    public static long Of(double wanted, long holds, long limit) => Math.Max(holds, Math.Min((long)Math.Ceiling(Math.Min(wanted, limit) / Page) * Page, limit));
}
