using System.Diagnostics.Metrics;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>What the policies in the loop count.</summary>
public sealed class PolicyMeter : IDisposable
{
    private readonly Meter meter = new("NetPulse.Optimizer");
    private readonly Counter<long> denied;
    private readonly Counter<long> proposed;
    private readonly Counter<long> failed;

    public PolicyMeter()
    {
        denied = meter.CreateCounter<long>("netpulse_policy_denials", description: "Denied connections that were explained.");
        proposed = meter.CreateCounter<long>("netpulse_policy_proposals", description: "Network policies that were proposed.");
        failed = meter.CreateCounter<long>("netpulse_policy_steps_failed", description: "Steps of policy changes that failed and are tried again.");
    }

    public void Denied() => denied.Add(1);

    public void Proposed() => proposed.Add(1);

    public void Failed() => failed.Add(1);

    public void Dispose() => meter.Dispose();
}
