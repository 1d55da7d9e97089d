using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>A connection that was begun in vain because policies deny it.</summary>
/// <param name="Verdict">Which policies.</param>
/// <param name="Changes">The smallest changes that would let it through, for a person to decide; none of them is ever made by us.</param>
public sealed record PolicyDenial(ObservedFlow Flow, Verdict Verdict, ImmutableArray<Remedy> Changes)
{
    /// <summary>Flows that were dropped and that the policies deny. One that they allow was dropped by something else; of one with an end that nobody can name it is not known.</summary>
    public static ImmutableArray<PolicyDenial> Find(PolicyEngine engine, IEnumerable<ObservedFlow> flows)
    {
        var denials = ImmutableArray.CreateBuilder<PolicyDenial>();
        foreach (var flow in flows.Where(static f => f.Verdict == FlowVerdict.Dropped && !f.Source.IsUnnamed && !f.Destination.IsUnnamed))
        {
            if (TransportProtocolText.Parse(flow.Protocol) is { } protocol && ObservedUse.PartyOf(engine, flow.Source) is { } source && ObservedUse.PartyOf(engine, flow.Destination) is { } destination
                && engine.Ask(source, destination, protocol, flow.DestinationPort) is { IsAllowed: false } verdict)
            {
                denials.Add(new PolicyDenial(flow, verdict, Remedies.For(engine, source, destination, protocol, flow.DestinationPort)));
            }
        }

        return denials.DrainToImmutable();
    }

    public override string ToString() => $"{Flow}: {(Flow.IsUnanswered ? "datagrams and no answer" : $"{Flow.Count} connections timed out or were given up")}, last {Flow.LastSeen:yyyy-MM-dd HH:mm:ss}Z: {Verdict}"
        + (Changes.IsEmpty ? "" : $"; to allow it: {string.Join(" and ", Changes.Select(static r => r is Remedy.Patch patch ? $"patch {r.Policy} with {patch.Operations.ToJsonString()}" : $"add {r.Policy}"))}");
}
