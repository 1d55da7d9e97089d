using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Fragments that wait for the rest take all the memory of net.ipv4.ipfrag_high_thresh, and more are dropped.</summary>
/// <remarks>Source: Ip ReasmFails without ReasmTimeout (net/ipv4/inet_fragment.c, inet_frag_find); sockstat FRAG memory.</remarks>
public sealed class ReassemblyMemory : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ReassemblyMemory,
        Strength.Error,
        "reassembly fails, few give up by time, and fragments hold half of the threshold or more",
        "reassemblies that end by time (fragments are lost on the way)");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        var own = evidence.Own;
        var fails = own.Increase(NamespaceMetrics.ReassemblyFails);
        var limit = own.Sysctl("net.ipv4.ipfrag_high_thresh");
        return new Proof(About, evidence)
            .Needs("fragments that were not put together", fails, Text.Count, "at least 3", count => count >= 3)
            .Needs("given up by time", own.Increase(NamespaceMetrics.ReassemblyTimeouts), fails, Text.Count, $"less than {Text.Percent(FragmentLoss.LeastTimeouts)} of them", (timeouts, all) => timeouts < FragmentLoss.LeastTimeouts * all)
            .Needs("memory of fragments at most", own.Most(NamespaceMetrics.ReassemblyMemoryBytes, (LabelNames.Family, LabelNames.Ipv4)), limit, Text.Bytes, $"at least half of {Text.Bytes(limit)}", (most, bound) => most >= 0.5 * bound)
            .Judge($"fragments that wait in {evidence.Subject} take all of net.ipv4.ipfrag_high_thresh ({Text.Bytes(limit)}), and {Text.Count(fails)} were dropped", 1);
    }
}
