using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Rollout;

/// <summary>What a recommendation's status should say: of what people decided, what the gates say, and where its change is in the journal.</summary>
internal static class RecommendationStatus
{
    private const string Actor = "netpulse-optimizer";
    private const int MostSteps = 64;
    private const int LongestReason = 2048;

    /// <summary>As the definition has it: some 10,000 nodes that a workload was granted it on.</summary>
    private const int LongestChange = 524_288;

    /// <param name="recommendation">As stored.</param>
    /// <param name="state">Its latest change; <see langword="null"/> when none was begun.</param>
    /// <param name="entries">What the journal tells of that change, oldest first.</param>
    /// <param name="decision">What the gates said in this run; <see langword="null"/> when they were not asked.</param>
    /// <param name="now">Time of new conditions.</param>
    public static NetworkRecommendationStatus Of(NetworkRecommendation recommendation, ChangeState? state, IReadOnlyList<JournalEntry> entries, Decision? decision, DateTimeOffset now)
    {
        var before = recommendation.Status ?? new NetworkRecommendationStatus();
        var spec = recommendation.Spec!;
        var phase = PhaseOf(recommendation, state, decision, now);
        var conditions = before.Conditions;
        conditions = conditions.With(Condition("Approved", spec.Approval switch
        {
            ApprovalDecision.Approved => (Kubernetes.Objects.Condition.True, "Approved", "somebody approved it"),
            ApprovalDecision.Rejected => (Kubernetes.Objects.Condition.False, "Rejected", "somebody rejected it; the same is not proposed again while this object is there"),
            _ => (Kubernetes.Objects.Condition.Unknown, "Pending", "nobody has decided; spec.approval takes Approved or Rejected"),
        }, recommendation, now));
        if (decision is not null)
        {
            conditions = conditions.With(Condition(
                "Allowed",
                decision.Allowed ? (Kubernetes.Objects.Condition.True, "EveryGate", decision.Reason) : (Kubernetes.Objects.Condition.False, Word(decision.Gate), decision.Reason),
                recommendation,
                now));
        }

        if (state is not null)
        {
            var told = entries.Count > 0 ? entries[^1].Text : state.Phase.ToString();
            var holds = state.Phase is ChangePhase.Applied or ChangePhase.Widening or ChangePhase.Widened or ChangePhase.Keeping or ChangePhase.Kept;
            conditions = conditions
                .With(Condition("Applied", (holds ? Kubernetes.Objects.Condition.True : Kubernetes.Objects.Condition.False, state.Phase.ToString(), told), recommendation, now))
                .With(Condition("Verified", state.Phase switch
                {
                    ChangePhase.Keeping or ChangePhase.Kept => (Kubernetes.Objects.Condition.True, "Helped", told),
                    ChangePhase.Reverting or ChangePhase.RolledBack or ChangePhase.NotMade or ChangePhase.Released => (Kubernetes.Objects.Condition.False, state.Phase.ToString(), told),
                    _ => (Kubernetes.Objects.Condition.Unknown, "Measuring", told),
                }, recommendation, now));
        }

        var status = before with
        {
            ObservedGeneration = recommendation.Metadata.Generation,
            Phase = phase,
            Conditions = conditions,
            RevertAt = state is { IsOpen: true } ? state.Change.RevertAt : null,
            Change = state is null ? before.Change : Carried(state),
        };
        return status with { History = History(recommendation, before, status, entries, now) };
    }

    /// <summary>Whether one says more than the other but for the moment at which it was looked.</summary>
    public static bool Differ(NetworkRecommendationStatus? a, NetworkRecommendationStatus b) =>
        a is null || a.Phase != b.Phase || a.ObservedGeneration != b.ObservedGeneration || a.RevertAt?.ToUnixTimeMilliseconds() != b.RevertAt?.ToUnixTimeMilliseconds()
        || a.Change != b.Change || a.History.Count != b.History.Count
        || !a.Conditions.Select(static c => (c.Type, c.Status, c.Reason, c.Message)).SequenceEqual(b.Conditions.Select(static c => (c.Type, c.Status, c.Reason, c.Message)));

    private static RecommendationPhase PhaseOf(NetworkRecommendation recommendation, ChangeState? state, Decision? decision, DateTimeOffset now)
    {
        var before = recommendation.Status?.Phase ?? RecommendationPhase.Proposed;
        if (before is RecommendationPhase.Superseded or RecommendationPhase.Expired)
        {
            return before;
        }

        if (state is { Phase: not (ChangePhase.NotMade or ChangePhase.Abandoned) })
        {
            return state.Phase.AsRecommendation();
        }

        if (recommendation.Spec!.Approval == ApprovalDecision.Rejected)
        {
            return RecommendationPhase.Rejected;
        }

        if (recommendation.Spec.ExpiresAt <= now)
        {
            return RecommendationPhase.Expired;
        }

        return decision switch
        {
            null => before,
            { Allowed: true } => RecommendationPhase.Scheduled,
            { Gate: "mode" } => RecommendationPhase.Proposed,
            { Gate: "approval" } => RecommendationPhase.AwaitingApproval,
            _ => RecommendationPhase.Blocked,
        };
    }

    private static List<RecommendationStep> History(
        NetworkRecommendation recommendation, NetworkRecommendationStatus before, NetworkRecommendationStatus now, IReadOnlyList<JournalEntry> entries, DateTimeOffset at)
    {
        // As entries are told: what happened in one second stays in the order in which it was told.
        at = Second(at);
        var steps = before.History.ToList();
        if (steps.Count == 0)
        {
            steps.Add(new RecommendationStep { At = at, Actor = Actor, Action = nameof(RecommendationPhase.Proposed), Reason = Cut(recommendation.Spec!.Reason) });
        }

        var decided = now.Conditions.OfType("Approved")!;
        if (decided.Status != Kubernetes.Objects.Condition.Unknown && !steps.Exists(step => step.Action == decided.Reason))
        {
            // Who it was stands in the API server's audit log, and in the object's managed fields.
            steps.Add(new RecommendationStep { At = at, Actor = "spec.approval", Action = decided.Reason, Reason = decided.Message });
        }

        foreach (var entry in entries)
        {
            var action = entry.Phase!.Value.ToString();
            var second = Second(entry.At);
            if (!steps.Exists(step => step.At == second && step.Action == action))
            {
                steps.Add(new RecommendationStep { At = second, Actor = Actor, Action = action, Reason = Cut(entry.Text) });
            }
        }

        if (entries.Count == 0 && now.Phase != before.Phase && now.Phase is RecommendationPhase.Expired or RecommendationPhase.Superseded && !steps.Exists(step => step.Action == now.Phase.ToString()))
        {
            steps.Add(new RecommendationStep { At = at, Actor = Actor, Action = now.Phase.ToString() });
        }

        // Entries that were cut off before come again, and are cut off again.
        return [steps[0], .. steps.Skip(1).OrderBy(static step => step.At).TakeLast(MostSteps - 1)];
    }

    private static DateTimeOffset Second(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeSeconds(moment.ToUnixTimeSeconds());

    private static string Carried(ChangeState state)
    {
        var whole = StoredChange.Write(state);
        return whole.Length <= LongestChange ? whole : StoredChange.Write(state with { Change = state.Change with { Controls = [] } });
    }

    private static Condition Condition(string type, (string Status, string Reason, string Message) what, NetworkRecommendation recommendation, DateTimeOffset now) => new()
    {
        Type = type,
        Status = what.Status,
        Reason = what.Reason,
        Message = Cut(what.Message),
        LastTransitionTime = now,
        ObservedGeneration = recommendation.Metadata.Generation,
    };

    /// <summary>A gate's name as one CamelCase word: <c>one at a time</c> → <c>OneAtATime</c>.</summary>
    private static string Word(string gate) => string.Concat(gate.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static part => $"{char.ToUpperInvariant(part[0])}{part[1..]}"));

    private static string Cut(string text) => text.Length <= LongestReason ? text : $"{text[..(LongestReason - 1)]}…";
}
