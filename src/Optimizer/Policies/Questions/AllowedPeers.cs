using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>All peers at once: whom a pod class may talk to, as sets of classes instead of one verdict after the other.</summary>
/// <remarks>What holds for single pods only is not in here: that a pod reaches itself and its own node.</remarks>
public sealed class AllowedPeers
{
    private readonly PolicyEngine engine;
    private readonly BitSet everyone;
    private readonly BitSet prefersV6;
    private readonly Func<CompiledPolicy, bool> keepsPolicy;
    private readonly Func<CompiledRule, bool> keepsRule;

    // The peers that are asked about, when these are not all; then answers hold their places in here.
    private readonly ImmutableArray<int>? among;
    private readonly Dictionary<CompiledRule, BitSet> v4Among = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<CompiledRule, BitSet> v6Among = new(ReferenceEqualityComparer.Instance);

    /// <summary>With everything that is in force.</summary>
    public AllowedPeers(PolicyEngine engine)
        : this(engine, static _ => true, static _ => true)
    {
    }

    /// <summary>As if only the policies and rules were there that are kept.</summary>
    public AllowedPeers(PolicyEngine engine, Func<CompiledPolicy, bool> keepsPolicy, Func<CompiledRule, bool> keepsRule)
        : this(engine, keepsPolicy, keepsRule, null)
    {
    }

    /// <summary>Of a few peers: an answer holds the place of each that is allowed, among them in ascending order, not its class.</summary>
    public AllowedPeers(PolicyEngine engine, BitSet among)
        : this(engine, static _ => true, static _ => true, [.. among.Members()])
    {
    }

    private AllowedPeers(PolicyEngine engine, Func<CompiledPolicy, bool> keepsPolicy, Func<CompiledRule, bool> keepsRule, ImmutableArray<int>? among)
    {
        (this.engine, this.keepsPolicy, this.keepsRule, this.among) = (engine, keepsPolicy, keepsRule, among);
        everyone = Among(engine.Everyone);
        prefersV6 = new BitSet(engine.Universe);
        foreach (var c in engine.PodClasses.Where(c => engine.PodClass(c)!.Primary == IpFamily.V6))
        {
            prefersV6.Add(c);
        }

        prefersV6 = Among(prefersV6);
    }

    private int Size => among?.Length ?? engine.Universe;

    /// <summary>The classes, of pods and of addresses, that a pod class may send to or receive from on a class of ports.</summary>
    public BitSet Of(int podClass, Direction direction, int portClass)
    {
        var policies = engine.PoliciesOf(podClass, direction);
        var undecided = everyone.Copy();
        var allowed = new BitSet(Size);
        var passed = Decide(policies.Admin, podClass, direction, portClass, undecided, allowed);
        undecided.Or(passed);
        if (policies.Isolating.Any(keepsPolicy))
        {
            var listed = new BitSet(Size);
            foreach (var rule in policies.Isolating.Where(keepsPolicy).SelectMany(p => p.Rules(direction)).Where(keepsRule))
            {
                if (Matched(rule, podClass, direction, portClass) is { } matched)
                {
                    listed.Or(matched);
                }
            }

            return allowed.Or(listed.And(undecided));
        }

        var baseline = Decide(policies.Baseline, podClass, direction, portClass, undecided, allowed);
        return allowed.Or(undecided).Or(baseline);
    }

    /// <summary>The first matching rule decides; what it decides leaves <paramref name="undecided"/>.</summary>
    /// <returns>What was passed on.</returns>
    private BitSet Decide(ImmutableArray<CompiledPolicy> policies, int podClass, Direction direction, int portClass, BitSet undecided, BitSet allowed)
    {
        var passed = new BitSet(Size);
        foreach (var rule in policies.Where(keepsPolicy).SelectMany(p => p.Rules(direction)).Where(keepsRule))
        {
            if (Matched(rule, podClass, direction, portClass) is not { } matched)
            {
                continue;
            }

            var decided = matched.Copy().And(undecided);
            undecided.AndNot(decided);
            _ = rule.Rule.Action switch
            {
                RuleAction.Allow => allowed.Or(decided),
                RuleAction.Pass => passed.Or(decided),
                _ => decided,
            };
        }

        return passed;
    }

    /// <summary>Read only; null for none at all.</summary>
    private BitSet? Matched(CompiledRule rule, int podClass, Direction direction, int portClass)
    {
        if (engine.PortsOf(rule).Contains(portClass))
        {
            return Peers(rule, podClass, direction);
        }

        if (rule.Named.IsEmpty)
        {
            return null;
        }

        if (direction == Direction.Ingress)
        {
            return engine.HasNamedPort(rule, podClass, portClass) ? Peers(rule, podClass, direction) : null;
        }

        var named = new BitSet(Size);
        foreach (var peer in Peers(rule, podClass, direction).Members())
        {
            if (engine.HasNamedPort(rule, among?[peer] ?? peer, portClass))
            {
                named.Add(peer);
            }
        }

        return named;
    }

    /// <summary>Address blocks match the address that a connection uses: with a peer of two families, the one that <see cref="Party.FamilyOf"/> chooses.</summary>
    private BitSet Peers(CompiledRule rule, int podClass, Direction direction)
    {
        if (engine.IsOfEitherFamily(rule))
        {
            return PeersOf(rule, IpFamily.V4);
        }

        var own = engine.PodClass(podClass)!;
        if (!own.IsDualStack)
        {
            return PeersOf(rule, own.HasV6 ? IpFamily.V6 : IpFamily.V4);
        }

        return direction == Direction.Ingress
            ? PeersOf(rule, own.Primary)
            : PeersOf(rule, IpFamily.V6).Copy().And(prefersV6).Or(PeersOf(rule, IpFamily.V4).Copy().AndNot(prefersV6));
    }

    /// <summary>Read only.</summary>
    private BitSet PeersOf(CompiledRule rule, IpFamily family)
    {
        if (among is null)
        {
            return engine.PeersOf(rule, family);
        }

        var peersAmong = family == IpFamily.V4 ? v4Among : v6Among;
        if (!peersAmong.TryGetValue(rule, out var known))
        {
            peersAmong[rule] = known = Among(engine.PeersOf(rule, family));
        }

        return known;
    }

    private BitSet Among(BitSet classes)
    {
        if (among is not { } members)
        {
            return classes;
        }

        var places = new BitSet(members.Length);
        for (var i = 0; i < members.Length; i++)
        {
            if (classes.Contains(members[i]))
            {
                places.Add(i);
            }
        }

        return places;
    }
}
