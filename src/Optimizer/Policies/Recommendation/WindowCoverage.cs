using System.Globalization;

namespace NetPulse.Optimizer.Policies.Recommendation;

public enum Confidence
{
    /// <summary>Less than a day: what happens once a night was not seen.</summary>
    Low,

    /// <summary>Less than a week: what happens once a week was not seen.</summary>
    Medium,

    High,
}

/// <summary>How much a recommendation has seen.</summary>
/// <param name="Flows">How many flows were read.</param>
/// <param name="From">When the first of them was seen.</param>
/// <param name="To">When the last of them was seen.</param>
public sealed record WindowCoverage(long Flows, DateTimeOffset From, DateTimeOffset To)
{
    public TimeSpan Length => To - From;

    public Confidence Confidence => Length >= TimeSpan.FromDays(7) ? Confidence.High : Length >= TimeSpan.FromDays(1) ? Confidence.Medium : Confidence.Low;

    internal static WindowCoverage Of(ConversationSieve sieve) => sieve.Read == 0
        ? new WindowCoverage(0, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch)
        : new WindowCoverage(sieve.Read, sieve.Window.First, sieve.Window.Last);

    internal IEnumerable<RecommendationFlag> Flags() => Confidence == Confidence.High
        ? []
        : [new RecommendationFlag(RecommendationFlags.ShortWindow, ToString(), "what happens less often than the window is long was not seen and is not allowed", NeedsReview: true)];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Flows} flows over {Length.TotalDays:0.#} days");
}
