using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>A flow whose verdict a change of policies turns.</summary>
/// <param name="Verdict">With the change in force.</param>
public sealed record FlowChange(ObservedFlow Flow, Verdict Verdict);

/// <summary>What a change of policies means for the flows that were seen.</summary>
/// <param name="Broken">Allowed now, no longer then; the last seen first.</param>
/// <param name="LetThrough">Denied now, allowed then; the last seen first.</param>
/// <param name="Unknown">Flows of pods that are in neither state, or of protocols that policies cannot state.</param>
public sealed record FlowImpact(ImmutableArray<FlowChange> Broken, ImmutableArray<FlowChange> LetThrough, long Unknown)
{
    public static FlowImpact Of(PolicyEngine old, PolicyEngine @new, IEnumerable<ObservedFlow> flows)
    {
        var (broken, letThrough) = (new List<FlowChange>(), new List<FlowChange>());
        var unknown = 0L;
        foreach (var flow in flows)
        {
            if (TransportProtocolText.Parse(flow.Protocol) is not { } protocol
                || ObservedUse.PartyOf(old, flow.Source) is not { } oldSource || ObservedUse.PartyOf(old, flow.Destination) is not { } oldDestination
                || ObservedUse.PartyOf(@new, flow.Source) is not { } newSource || ObservedUse.PartyOf(@new, flow.Destination) is not { } newDestination)
            {
                unknown++;
                continue;
            }

            var before = old.Ask(oldSource, oldDestination, protocol, flow.DestinationPort);
            var after = @new.Ask(newSource, newDestination, protocol, flow.DestinationPort);
            if (before.IsAllowed != after.IsAllowed)
            {
                (after.IsAllowed ? letThrough : broken).Add(new FlowChange(flow, after));
            }
        }

        return new FlowImpact(LastFirst(broken), LastFirst(letThrough), unknown);
    }

    private static ImmutableArray<FlowChange> LastFirst(List<FlowChange> changes) => [.. changes.OrderByDescending(static c => c.Flow.LastSeen)];
}
