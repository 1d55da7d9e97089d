using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace NetPulse.Optimizer.Detection.Incidents;

/// <summary>One series' share of a sum.</summary>
/// <param name="Labels">One a dimension, in the dimensions' order.</param>
/// <param name="Usual">What it was to be.</param>
/// <param name="Now">What it is.</param>
public readonly record struct Leaf(string[] Labels, double Usual, double Now);

/// <summary>The labels that concentrate a change.</summary>
/// <param name="Dimension">As <c>node</c>.</param>
/// <param name="Values">Those of its values that explain the change, the most surprising first.</param>
/// <param name="Share">How much of the change they explain; above 1 where the others moved the other way.</param>
/// <param name="Surprise">How much the dimension's distribution has shifted: Jensen-Shannon divergence, 0 to ln 2.</param>
public sealed record RootDimension(string Dimension, ImmutableArray<string> Values, double Share, double Surprise)
{
    private const int ValuesShown = 3;

    public override string ToString() =>
        $"{Dimension} {string.Join(", ", Values.Take(ValuesShown))}{(Values.Length > ValuesShown ? $" and {Values.Length - ValuesShown} more" : "")} ({Math.Min(Share, 1) * 100:0} % of the change)";
}

/// <summary>Finds the dimension in which a change is concentrated.</summary>
/// <remarks>
/// Method: Adtributor (Bhagwan et al., NSDI 2014): of each dimension the most surprising values are taken until they explain two thirds of the change, each at
/// least a tenth of it; the dimension whose values surprise most is the root. Of dimensions that surprise alike, the one with fewer values wins, then the one
/// named first. A change that is spread evenly, or sums up to nothing, has no answer, which is <see langword="null"/>.
/// </remarks>
public static class RootSearch
{
    private const double ExplainedTogether = 0.67;
    private const double ExplainedByEach = 0.1;

    /// <summary>Surprises that differ by less than this share of the larger are alike.</summary>
    private const double Alike = 0.05;

    /// <summary>Below it a distribution has not shifted but for rounding.</summary>
    private const double Nothing = 1e-9;

    /// <param name="dimensions">The coarser before the finer.</param>
    /// <param name="leaves">Every series that adds to the sum, changed or not; neither value negative.</param>
    public static RootDimension? Find(ImmutableArray<string> dimensions, ReadOnlySpan<Leaf> leaves)
    {
        var (usual, now) = (0.0, 0.0);
        foreach (ref readonly var leaf in leaves)
        {
            usual += leaf.Usual;
            now += leaf.Now;
        }

        if (!(Math.Abs(now - usual) > Math.Max(usual, now) * 1e-12))
        {
            return null;
        }

        RootDimension? best = null;
        for (var d = 0; d < dimensions.Length; d++)
        {
            if (Explain(dimensions[d], Sums(leaves, d), usual, now) is { } found
                && (best is null
                    || found.Surprise * (1 - Alike) > best.Surprise
                    || (found.Surprise > best.Surprise * (1 - Alike) && found.Values.Length < best.Values.Length)))
            {
                best = found;
            }
        }

        return best;
    }

    private static Dictionary<string, (double Usual, double Now)> Sums(ReadOnlySpan<Leaf> leaves, int dimension)
    {
        var sums = new Dictionary<string, (double Usual, double Now)>(StringComparer.Ordinal);
        foreach (ref readonly var leaf in leaves)
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, leaf.Labels[dimension], out _);
            sum.Usual += leaf.Usual;
            sum.Now += leaf.Now;
        }

        return sums;
    }

    private static RootDimension? Explain(string dimension, Dictionary<string, (double Usual, double Now)> sums, double usual, double now)
    {
        var candidates = new List<(string Value, double Surprise, double Share)>();
        foreach (var (value, sum) in sums)
        {
            var share = (sum.Now - sum.Usual) / (now - usual);
            if (share > ExplainedByEach)
            {
                candidates.Add((value, Surprise(usual > 0 ? sum.Usual / usual : 0, now > 0 ? sum.Now / now : 0), share));
            }
        }

        candidates.Sort((a, b) => b.Surprise.CompareTo(a.Surprise) is var order and not 0 ? order : string.CompareOrdinal(a.Value, b.Value));
        var (explained, surprise) = (0.0, 0.0);
        for (var i = 0; i < candidates.Count; i++)
        {
            explained += candidates[i].Share;
            surprise += candidates[i].Surprise;
            if (explained > ExplainedTogether)
            {
                return surprise > Nothing ? new RootDimension(dimension, [.. candidates.Take(i + 1).Select(candidate => candidate.Value)], explained, surprise) : null;
            }
        }

        return null;
    }

    /// <summary>One value's part of the Jensen-Shannon divergence.</summary>
    private static double Surprise(double before, double after) => (Part(before, after) + Part(after, before)) / 2;

    private static double Part(double p, double q) => p > 0 ? p * Math.Log(2 * p / (p + q)) : 0;
}
