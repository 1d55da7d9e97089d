using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>connect() finds no free local port for its destination.</summary>
/// <remarks>Source: EADDRNOTAVAIL of tcp_v4_connect (net/ipv4/inet_hashtables.c, __inet_hash_connect).</remarks>
public sealed class LocalPortsExhausted : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.LocalPortsExhausted,
        Strength.Error,
        "connects end for lack of a local port",
        "a range that is not used");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        var range = LocalPorts.Of(evidence.Own);
        return new Proof(About, evidence)
            .Needs("connects without a free port", range.Failures, Text.Count, "at least 3", count => count >= 3)
            .Needs("ports in the range", range.Ports, Text.Count, "fewer than there can be, or used by TIME_WAIT", ports => ports > 0)
            .Judge(
                $"{evidence.Subject} runs out of local ports: its range has {Text.Count(range.Ports)}, {Text.Count(range.TimeWait)} wait in TIME_WAIT, {Text.Count(range.Failures)} connects found none",
                range.Failures / (range.Failures + range.Opens) ?? 0);
    }
}
