using System.Diagnostics;

namespace NetPulse.Optimizer.Ingest;

/// <summary>Collects the oldest generation before the collector would, so that what the store and queries leave behind does not make the process half as large again.</summary>
/// <remarks>
/// Left alone, the collector lets that generation grow to 1.8 times what lives in it: with 50,000 live series 50 MiB that a small pod lacks. The time spent is bounded
/// (<see cref="MostTimeShare"/>), and a quiet process collects nothing. docs/decisions/embedded-store.md has the figures.
/// </remarks>
internal sealed class HeapUpkeep(TimeProvider time) : BackgroundService
{
    /// <summary>Growth that is worth a look, in bytes: more than the young generations hold.</summary>
    private const long Growth = 10 << 20;

    /// <summary>Of one processor.</summary>
    private const double MostTimeShare = 0.04;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Interval, time);
        var live = long.MaxValue / 2;
        var earliest = TimeSpan.Zero;
        var begin = Stopwatch.GetTimestamp();
        while (await tick.WaitForNextTickAsync(stoppingToken))
        {
            var present = GC.GetTotalMemory(forceFullCollection: false);
            live = Math.Min(live, present);
            var now = Stopwatch.GetElapsedTime(begin);
            if (present - live < Growth || now < earliest)
            {
                continue;
            }

#pragma warning disable S1215 // that it collects is what this class is for
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
#pragma warning restore S1215
            live = GC.GetTotalMemory(forceFullCollection: false);
            var spent = Stopwatch.GetElapsedTime(begin) - now;
            earliest = now + (spent / MostTimeShare);
        }
    }
}
