using NetPulse.Benchmarks.Detection.Data;

namespace NetPulse.Benchmarks.Detection.Measures;

/// <summary>What a miss and a false alarm cost.</summary>
public sealed record NabProfile(string Name, double FalseAlarm, double Miss)
{
    public static readonly NabProfile Standard = new("standard", 0.11, 1);
    public static readonly NabProfile LowFalsePositives = new("low_fp", 0.22, 1);
    public static readonly NabProfile LowFalseNegatives = new("low_fn", 0.11, 2);
}

/// <param name="Score">100 is perfect, 0 is silence.</param>
/// <param name="Threshold">A point fires from this gated score on.</param>
/// <param name="Found">Windows in which a point fired.</param>
/// <param name="Windows">With a scored point.</param>
/// <param name="FalsePoints">Points that fired outside every window.</param>
public sealed record NabResult(double Score, double Threshold, int Found, int Windows, int FalsePoints);

/// <summary>The score of the Numenta Anomaly Benchmark (Lavin and Ahmad, 2015), with one threshold for all files.</summary>
public static class NabScore
{
    /// <summary>Sweeps the threshold, and takes the best; <paramref name="frozen"/> takes that one instead.</summary>
    public static NabResult Of(IReadOnlyList<ScoredSeries> files, NabProfile profile, double? frozen = null)
    {
        var points = new List<(float Score, int Window, double Worth)>();
        var windows = 0;
        foreach (var file in files)
        {
            windows = AddPoints(file, profile, windows, points);
        }

        points.Sort((a, b) => b.Score.CompareTo(a.Score));
        var worth = new double[windows];
        Array.Fill(worth, -profile.Miss);
        var isFound = new bool[windows];
        var (sum, found, falsePoints) = (-profile.Miss * windows, 0, 0);
        var silence = new NabResult(0, frozen ?? double.PositiveInfinity, 0, windows, 0);
        var best = silence;
        for (var i = 0; i < points.Count; i++)
        {
            var (score, window, gain) = points[i];
            if (score < frozen)
            {
                break;
            }

            if (window < 0)
            {
                sum += gain;
                falsePoints++;
            }
            else if (gain > worth[window])
            {
                // The earliest point of a window is worth most.
                found += isFound[window] ? 0 : 1;
                isFound[window] = true;
                sum += gain - worth[window];
                worth[window] = gain;
            }

            if (i + 1 < points.Count && points[i + 1].Score.CompareTo(score) == 0)
            {
                continue;
            }

            var result = new NabResult(Normalised(sum, windows, profile), frozen ?? score, found, windows, falsePoints);
            best = frozen is not null || result.Score > best.Score ? result : best;
        }

        return best;
    }

    /// <summary>2/(1 + e^5y) - 1, and -1 beyond y = 3.</summary>
    public static double Sigmoid(double y) => y > 3 ? -1 : (2 / (1 + Math.Exp(5 * y))) - 1;

    /// <summary>Points that are not scored at the start of a file.</summary>
    public static int Probation(int points) => Math.Min((int)(0.15 * points), 750);

    private static double Normalised(double sum, int windows, NabProfile profile) =>
        windows == 0 ? 0 : 100 * (sum + (profile.Miss * windows)) / (windows * (1 + profile.Miss));

    private static int AddPoints(ScoredSeries file, NabProfile profile, int windowsBefore, List<(float Score, int Window, double Worth)> points)
    {
        var windows = file.Series.Events;
        var probation = Probation(file.Gated.Length);
        var scored = Array.ConvertAll(windows, window => window.Last >= probation);
        var next = 0;
        PointSpan? last = null;
        var number = windowsBefore;
        for (var i = 0; i < file.Gated.Length; i++)
        {
            while (next < windows.Length && windows[next].Last < i)
            {
                number += scored[next] ? 1 : 0;
                last = windows[next++];
            }

            if (i < probation || !(file.Gated[i] > 0))
            {
                continue;
            }

            points.Add(next < windows.Length && i >= windows[next].First
                ? (file.Gated[i], number, Sigmoid(-(windows[next].Last - i + 1) / (double)windows[next].Count) / Sigmoid(-1))
                : (file.Gated[i], -1, profile.FalseAlarm * (last is { } before ? Sigmoid((i - before.Last) / (before.Count - 1.0)) : -1)));
        }

        return windowsBefore + scored.Count(isScored => isScored);
    }
}
