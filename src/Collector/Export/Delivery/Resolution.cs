using NetPulse.Collector.Export.Spool;

namespace NetPulse.Collector.Export.Delivery;

/// <summary>Which readings are sent where not all of them fit through the link: every 2nd, 4th, … Counters and histograms lose no count by it, as each carries the sum of all before.</summary>
/// <param name="bytesPerSecond">All fit where <see langword="null"/>.</param>
internal sealed class Resolution(long? bytesPerSecond)
{
    private const int Coarsest = 64;

    /// <summary>What is left free keeps a queue from growing.</summary>
    private const double UsableShare = 0.9;

    /// <summary>Half of the link is for what waits already.</summary>
    private const double UsableShareBehind = 0.5;

    private NumberedReading? before;
    private double secondsBetweenReadings;

    /// <summary>1 for every reading.</summary>
    public int KeepEvery { get; private set; } = 1;

    public bool Keeps(long number) => number % KeepEvery == 0;

    /// <summary>Learns from what was just sent.</summary>
    /// <param name="readings">What it was.</param>
    /// <param name="bytes">What that took on the wire.</param>
    /// <param name="isBehind">Whether many more wait.</param>
    public void Observe(IReadOnlyList<NumberedReading> readings, long bytes, bool isBehind)
    {
        var last = readings[^1];
        if (bytesPerSecond is not { } allowed)
        {
            return;
        }

        if (before is not null && last.Number > before.Number && (last.Reading.At - before.Reading.At).TotalSeconds / (last.Number - before.Number) is > 0 and var seconds)
        {
            secondsBetweenReadings = seconds;
        }

        before = last;
        if (secondsBetweenReadings > 0)
        {
            var needed = (double)bytes / readings.Count / secondsBetweenReadings / (allowed * (isBehind ? UsableShareBehind : UsableShare));
            KeepEvery = needed <= 1 ? 1 : Math.Min(Coarsest, 1 << (int)Math.Ceiling(Math.Log2(needed)));
        }
    }
}
