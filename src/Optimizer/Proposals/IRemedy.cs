using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>What a remedy changes, for people.</summary>
/// <param name="Cause">Of which it heals.</param>
/// <param name="Sysctls">Those that it writes.</param>
/// <param name="TakesEffect">For whom.</param>
public sealed record RemedyDescription(Cause Cause, ImmutableArray<string> Sysctls, SysctlEffect TakesEffect);

/// <summary>From a proven cause to values computed from what was measured; pure.</summary>
public interface IRemedy
{
    RemedyDescription About { get; }

    /// <returns><see langword="null"/> where nothing is to be changed: the value holds already, its limit is reached, or what is needed was not measured.</returns>
    SysctlProposal? Propose(Finding finding, RemedyContext context);
}
