using System.Collections.Immutable;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Every check, in the order of docs/checks.md.</summary>
public static class CheckCatalogue
{
    public static ImmutableArray<Check> All { get; } =
    [
        .. NetworkPolicyTextChecks.All,
        .. NetworkPolicyInventoryChecks.All,
        .. AdminPolicyChecks.All,
        .. CniChecks.All,
        .. DnsChecks.All,
        .. CalicoChecks.All,
        .. CiliumChecks.All,
        .. IstioChecks.All,
        .. NodeChecks.All,
    ];
}
