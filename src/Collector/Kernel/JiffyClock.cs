namespace NetPulse.Collector.Kernel;

/// <summary>How long a jiffy is. The kernel tells nobody; two looks at its clocks show it.</summary>
public sealed class JiffyClock
{
    /// <summary>Below this, one jiffy more or less hides the difference between 250 and 300.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>kernel/Kconfig.hz.</summary>
    private static readonly double[] Frequencies = [100, 250, 300, 1000];

    private ClockRecord? first;
    private double? frequency;

    /// <summary>HZ; <see langword="null"/> until two records at least 100 ms apart were seen.</summary>
    public double? JiffiesPerSecond => frequency;

    public void Observe(ClockRecord now)
    {
        if (frequency is not null)
        {
            return;
        }

        if (first is not { } earlier)
        {
            first = now;
            return;
        }

        var elapsed = TimeSpan.FromMicroseconds((now.MonotonicNanoseconds - earlier.MonotonicNanoseconds) / 1000.0);
        if (elapsed >= Shortest)
        {
            var measured = (now.Jiffies - earlier.Jiffies) / elapsed.TotalSeconds;
            frequency = Frequencies.MinBy(candidate => Math.Abs(candidate - measured));
        }
    }
}
