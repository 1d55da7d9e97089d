using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Reassembly waits in vain for fragments that were lost on the way.</summary>
/// <remarks>Source: Ip ReasmTimeout.</remarks>
public sealed class FragmentLoss : ICauseRule
{
    /// <summary>Share of the failures that a lack of memory does not bring about.</summary>
    internal const double LeastTimeouts = 0.3;

    public CauseDescription About { get; } = new(
        Cause.FragmentLoss,
        Strength.Error,
        "a good part of the failed reassemblies ended by time",
        "failures for lack of memory",
        "no sysctl heals this: avoid fragments (a smaller MTU or datagram), or find where the path loses them");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        var fails = evidence.Own.Increase(NamespaceMetrics.ReassemblyFails);
        return new Proof(About, evidence)
            .Needs("fragments that were not put together", fails, Text.Count, "at least 3", count => count >= 3)
            .Needs("given up by time", evidence.Own.Increase(NamespaceMetrics.ReassemblyTimeouts), fails, Text.Count, $"at least {Text.Percent(LeastTimeouts)} of them", (timeouts, all) => timeouts >= LeastTimeouts * all)
            .Judge($"{evidence.Subject} waits in vain for fragments that were lost on the way");
    }
}
