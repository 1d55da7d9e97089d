using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Where a change is, as a recommendation says it.</summary>
internal static class ChangePhases
{
    public static RecommendationPhase AsRecommendation(this ChangePhase phase) => phase switch
    {
        ChangePhase.Planned => RecommendationPhase.Scheduled,
        ChangePhase.Written or ChangePhase.Applied or ChangePhase.Reverting => RecommendationPhase.Canary,
        ChangePhase.Widening or ChangePhase.Widened or ChangePhase.Keeping => RecommendationPhase.Applied,
        ChangePhase.Kept => RecommendationPhase.Verified,
        ChangePhase.RolledBack or ChangePhase.Released => RecommendationPhase.RolledBack,

        // Nothing was changed: it may be tried again.
        _ => RecommendationPhase.Blocked,
    };
}
