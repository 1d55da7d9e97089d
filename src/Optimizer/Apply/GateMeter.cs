using System.Diagnostics.Metrics;

namespace NetPulse.Optimizer.Apply;

/// <summary>What the gates stopped, counted.</summary>
public sealed class GateMeter : IDisposable
{
    private readonly Meter meter = new("NetPulse.Optimizer");
    private readonly Counter<long> blocked;

    public GateMeter() => blocked = meter.CreateCounter<long>("netpulse_blocked", description: "Proposals that a gate stopped, by gate; once for each proposal and gate.");

    public void Blocked(string gate) => blocked.Add(1, new KeyValuePair<string, object?>("gate", gate));

    public void Dispose() => meter.Dispose();
}
