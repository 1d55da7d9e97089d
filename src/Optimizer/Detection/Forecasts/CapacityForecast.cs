using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Detection.Forecasts;

/// <summary>Something with a limit fills up.</summary>
/// <param name="Resource">As <c>conntrack table</c>.</param>
/// <param name="Where">Whose: what is told apart by labels.</param>
/// <param name="Now">Entries by the trend.</param>
/// <param name="Limit">Entries at which it is full.</param>
/// <param name="FullIn">From now, by the trend.</param>
/// <param name="Earliest">By the upper end of the trend's interval.</param>
/// <param name="Latest">By the lower end.</param>
public sealed record CapacityForecast(string Resource, string Where, double Now, double Limit, TimeSpan FullIn, TimeSpan Earliest, TimeSpan Latest)
{
    public const string ConntrackTable = "conntrack table";
    public const string NeighbourTable = "neighbour table";
    public const string AcceptQueue = "accept queue";
    public const string LocalPorts = "range of local ports";

    /// <summary>Whose it is; <see langword="null"/> for a namespace that is neither a pod's nor a node's.</summary>
    public Subject? Whose { get; init; }

    /// <summary>Nothing is said of a time further off.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromDays(1);

    /// <summary>Nor of one further off than so many times what was observed.</summary>
    public const double LongestReach = 4;

    /// <summary>
    /// Less says only that traffic has begun: an entry stays for up to two minutes after its connection (nf_conntrack_tcp_timeout_time_wait; a port in TIME_WAIT
    /// one), so each table climbs as long by itself.
    /// </summary>
    public static readonly TimeSpan LeastObserved = TimeSpan.FromMinutes(3);

    /// <summary>What slows down this much over its later half is no straight line to its limit.</summary>
    private const double SlowedDown = 0.5;

    /// <summary>
    /// <see langword="null"/> where nothing is to be feared or can be said: no rise that is significant at 99 %, a rise that slows down to less than half of it,
    /// a time beyond <see cref="Horizon"/> or <see cref="LongestReach"/>, too few points, readings of less than <see cref="LeastObserved"/>, no limit.
    /// </summary>
    public static CapacityForecast? Of(string resource, string where, TimeSeries entries, double limit)
    {
        var times = entries.UnixMilliseconds.Span;
        var values = entries.Values.Span;
        var half = times.Length / 2;
        if (!(limit > 0) || !double.IsFinite(limit)
            || times.Length == 0 || times[^1] - times[0] < LeastObserved.TotalMilliseconds
            || TheilSen.Fit(times, values) is not { Slowest: > 0 } trend
            || !(TheilSen.Fit(times[half..], values[half..]) is { } later && later.PerSecond > trend.PerSecond * SlowedDown))
        {
            return null;
        }

        var left = Math.Max(0, limit - trend.Now);
        var furthest = Math.Min(Horizon.TotalSeconds, LongestReach * (times[^1] - times[0]) / 1000);
        return left / trend.PerSecond <= furthest
            ? new CapacityForecast(resource, where, trend.Now, limit, In(left / trend.PerSecond), In(left / trend.Fastest), In(Math.Min(left / trend.Slowest, TimeSpan.FromDays(3650).TotalSeconds)))
            : null;
    }

    /// <summary>What fills up, and whose.</summary>
    public string Subject => $"{Resource} of {Where}";

    public override string ToString() => FullIn == TimeSpan.Zero
        ? $"the {Subject} is full ({Limit:0} entries)"
        : $"the {Subject} will be full in {Text(FullIn)} ({Text(Earliest)} to {Text(Latest)}): {Now:0} of {Limit:0} entries now";

    private static TimeSpan In(double seconds) => TimeSpan.FromSeconds(seconds);

    private static string Text(TimeSpan time) => time switch
    {
        { TotalMinutes: < 90 } => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Math.Max(1, time.TotalMinutes):0} min"),
        { TotalHours: < 48 } => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalHours:0.#} h"),
        _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalDays:0} d"),
    };
}
