using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>Pods or addresses of which an answer says the same.</summary>
/// <param name="Pods">As <c>namespace/name</c>; empty for addresses.</param>
/// <param name="Addresses">Both ends inclusive; null for pods.</param>
public sealed record PartyGroup(ImmutableArray<string> Pods, (IpValue First, IpValue Last)? Addresses)
{
    private static readonly IpValue[] Highest = [new(IpFamily.V4, uint.MaxValue), new(IpFamily.V6, UInt128.MaxValue)];

    public bool IsPods => Addresses is null;

    public override string ToString() => Addresses is { } range
        ? range.First.Value == 0 && Highest.Contains(range.Last) ? $"outside (all of IP{range.First.Family.ToString().ToLowerInvariant()})" : range.First == range.Last ? $"outside {range.First}" : $"outside {range.First}-{range.Last}"
        : Pods.Length switch
        {
            <= 3 => string.Join(", ", Pods),
            var more => $"{Pods[0]}, {Pods[1]} and {more - 2} more",
        };
}
