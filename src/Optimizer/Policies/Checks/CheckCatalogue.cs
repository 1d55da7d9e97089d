using System.Collections.Immutable;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Every check, in the order of docs/checks.</summary>
public static class CheckCatalogue
{
    public static ImmutableArray<Check> All { get; } =
    [
        .. NetworkPolicyTextChecks.All,
        .. NetworkPolicyInventoryChecks.All,
        .. AdminPolicyChecks.All,
        .. CniChecks.All,
        .. DnsChecks.All,
    ];
}
