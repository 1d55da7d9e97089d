using System.Diagnostics.Metrics;

namespace NetPulse.Tuner.Desired;

/// <summary>What the Tuner did, counted: Meter <c>NetPulse.Tuner</c>.</summary>
public sealed class TunerMetrics : IDisposable
{
    private readonly Meter meter = new("NetPulse.Tuner");
    private readonly Counter<long> actions;
    private readonly Counter<long> statusFailures;
    private readonly Histogram<double> pass;

    public TunerMetrics()
    {
        actions = meter.CreateCounter<long>("netpulse_tuner_actions", description: "Values applied, reverted, overridden, gone with their namespace, or failed.");
        statusFailures = meter.CreateCounter<long>("netpulse_tuner_status_write_failures", description: "Statuses that could not be written; the next one holds the same.");
        pass = meter.CreateHistogram<double>("netpulse_tuner_pass_seconds", "seconds", "Time to look at every setting once.");
    }

    public void Count(string outcome) => actions.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void CountStatusFailure() => statusFailures.Add(1);

    public void Record(TimeSpan passTime) => pass.Record(passTime.TotalSeconds);

    public void Dispose() => meter.Dispose();
}
