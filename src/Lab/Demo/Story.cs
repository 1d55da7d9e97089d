using NetPulse.Lab.Scenarios;

namespace NetPulse.Lab.Demo;

/// <summary>Follows the optimizer's journal and traffic, and tells what is new; keeps beside it what the pods themselves received.</summary>
/// <param name="narrator">Where it is told.</param>
/// <param name="optimizer">Whose story it is.</param>
/// <param name="senders">What the names of the senders to be told of begin with; all when empty.</param>
/// <param name="delivered">What each receiving application read, measured by the lab and not by us.</param>
internal sealed class Story(Narrator narrator, OptimizerClient optimizer, string senders, IReadOnlyList<RunningLoad> delivered)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    /// <summary>Latest readings of the lab that the rate after the change is the median of.</summary>
    private const int ReadingsAfter = 9;

    /// <summary>The reading in which the trouble began and the one after it still hold some of the time before.</summary>
    private const int ReadingsToSettle = 2;

    /// <summary>Edges that carry less are not told of.</summary>
    private const double LeastBytesPerSecond = 1000;

    private const int LongestList = 8;

    private readonly List<double[]> megabitsPerSecond = [];
    private long readAt;
    private long lastEntry;
    private int troubleAt;
    private int appliedAt;
    private string canary = "";
    private int judgedAt;

    public bool TrafficIsSeen { get; private set; }

    /// <summary>The phase that ended the first change: <c>Kept</c>, <c>RolledBack</c>, …; <see langword="null"/> until then.</summary>
    public string? Verdict { get; private set; }

    /// <returns>Whether it ended because the condition held, and not because the time was over.</returns>
    public async Task<bool> FollowAsync(Func<bool> isDone, TimeSpan longest, TimeSpan trafficEvery, TimeProvider time, CancellationToken cancellationToken)
    {
        using var tick = new PeriodicTimer(Step, time);
        var begin = time.GetTimestamp();
        readAt = begin;
        var nextTraffic = TimeSpan.Zero;
        while (!isDone() && (longest == Timeout.InfiniteTimeSpan || time.GetElapsedTime(begin) < longest))
        {
            await tick.WaitForNextTickAsync(cancellationToken);
            var earlier = readAt;
            readAt = time.GetTimestamp();
            megabitsPerSecond.Add([.. delivered.Select(load => load.Load.Between(earlier, readAt) ?? 0)]);
            await TellJournalAsync(cancellationToken);
            if (time.GetElapsedTime(begin) >= nextTraffic && await TellTrafficAsync(cancellationToken))
            {
                nextTraffic = time.GetElapsedTime(begin) + trafficEvery;
            }
        }

        return isDone();
    }

    /// <summary>Takes what was told already as told.</summary>
    public async Task SkipAsync(CancellationToken cancellationToken) =>
        lastEntry = (await optimizer.JournalAsync(0, cancellationToken)).Select(entry => entry.Sequence).DefaultIfEmpty(0).Max();

    /// <summary>From the next reading on there is trouble.</summary>
    public void TroubleBegins() => troubleAt = megabitsPerSecond.Count;

    /// <summary>During the trouble and after the change, as the receiving applications saw it: the one in the pod that was changed first, and another beside it.</summary>
    public string Result()
    {
        var (changed, other) = (PairOf(load => load.Place.To.Name == canary), PairOf(load => load.Place.To.Name != canary));
        if (changed < 0)
        {
            return $"{Verdict}: {canary} receives nothing that the lab measures";
        }

        var (before, after) = (MedianBefore(changed), MedianAfter(changed));
        var control = other >= 0 ? $"; its control{(Verdict == "Kept" ? ", which was given the same once that was verified" : "")}: {MedianBefore(other):0.0} → {MedianAfter(other):0.0} Mbit/s" : "";
        return $"{Verdict}: what {canary} itself received went from {before:0.0} to {after:0.0} Mbit/s, ×{after / before:0.0}{control}";
    }

    private int PairOf(Predicate<RunningLoad> isIt) => delivered.ToList().FindIndex(isIt);

    private double MedianBefore(int pair) => Median(pair, troubleAt + ReadingsToSettle, appliedAt);

    private double MedianAfter(int pair) => Median(pair, judgedAt - ReadingsAfter, judgedAt);

    /// <summary>Mbit/s of a pair; 0 when nothing was read.</summary>
    private double Median(int pair, int from, int to)
    {
        var readings = megabitsPerSecond.Take(to).Skip(Math.Max(from, 0)).Select(reading => reading[pair]).Order().ToList();
        return readings.Count == 0 ? 0 : readings[readings.Count / 2];
    }

    private async Task TellJournalAsync(CancellationToken cancellationToken)
    {
        foreach (var entry in await optimizer.JournalAsync(lastEntry, cancellationToken))
        {
            lastEntry = entry.Sequence;
            narrator.Tell((entry.Phase ?? entry.Kind).ToLowerInvariant(), entry.Text);
            foreach (var detail in entry.Details ?? [])
            {
                narrator.Tell("", $"  {detail}");
            }

            if (entry.Phase == "Applied" && appliedAt == 0)
            {
                (appliedAt, canary) = (megabitsPerSecond.Count, entry.Change?.Pod?.Name ?? "");
            }

            if (entry.Phase is "Kept" or "RolledBack" or "NotMade" or "Released" && Verdict is null)
            {
                Verdict = entry.Phase;
                judgedAt = megabitsPerSecond.Count;
            }
        }
    }

    private async Task<bool> TellTrafficAsync(CancellationToken cancellationToken)
    {
        var status = await optimizer.StatusAsync(cancellationToken);
        var edges = status?.Traffic.Where(edge => edge.BytesPerSecond > LeastBytesPerSecond && edge.From.StartsWith(senders, StringComparison.Ordinal))
            .OrderByDescending(edge => edge.BytesPerSecond).Take(LongestList).OrderBy(edge => edge.From, StringComparer.Ordinal).ToList() ?? [];
        foreach (var edge in edges)
        {
            TrafficIsSeen = true;
            narrator.Tell("traffic", $"{edge.From} → {edge.To}:{edge.ServerPort}  {edge.BytesPerSecond * 8 / 1e6,5:0.0} Mbit/s, round trip {edge.RoundTripSeconds * 1000:0.0} ms");
        }

        return edges.Count > 0;
    }
}
