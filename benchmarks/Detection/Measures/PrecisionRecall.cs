namespace NetPulse.Benchmarks.Detection.Measures;

/// <summary>Areas under the curve of precision over recall, of the raw score, in 250 thresholds; the mean over the series that have an event.</summary>
public static class PrecisionRecall
{
    private const int Thresholds = 250;

    /// <summary>Longest buffer around an event, in points, and the steps to it.</summary>
    private const int LongestBuffer = 100, BufferStep = 10;

    public static double AreaUnderCurve(IEnumerable<ScoredSeries> all) => Mean(all, scored => Area(scored, Ranks(scored.Raw), 0));

    /// <summary>VUS-PR (Paparrizos et al., PVLDB 15, 2022): the mean area over buffers of 0 to 100 points, whose labels fall off as a root and in which an event counts as soon as it is touched.</summary>
    public static double VolumeUnderSurface(IEnumerable<ScoredSeries> all) => Mean(all, scored =>
    {
        var ranks = Ranks(scored.Raw);
        return Enumerable.Range(0, (LongestBuffer / BufferStep) + 1).Average(step => Area(scored, ranks, step * BufferStep));
    });

    private static double Mean(IEnumerable<ScoredSeries> all, Func<ScoredSeries, double> area) =>
        all.Where(scored => scored.Series.Events.Length > 0).Select(area).DefaultIfEmpty(double.NaN).Average();

    /// <summary>For each point, the first of the thresholds (falling quantiles of the score) that it reaches.</summary>
    private static int[] Ranks(float[] raw)
    {
        var falling = raw.Select(score => float.IsFinite(score) ? score : 0).OrderDescending().ToArray();
        var thresholds = Enumerable.Range(0, Thresholds).Select(k => -falling[(int)((long)k * (falling.Length - 1) / (Thresholds - 1))]).ToArray();
        return Array.ConvertAll(raw, score =>
        {
            var at = Array.BinarySearch(thresholds, float.IsFinite(score) ? -score : 0);
            at = at < 0 ? ~at : at;
            while (at > 0 && at < Thresholds && thresholds[at - 1].CompareTo(thresholds[at]) == 0)
            {
                at--;
            }

            return Math.Min(at, Thresholds - 1);
        });
    }

    private static double Area(ScoredSeries scored, int[] ranks, int buffer)
    {
        var labels = new double[ranks.Length];
        var firstTouch = new List<int>();
        double points = 0;
        foreach (var span in scored.Series.Events)
        {
            points += span.Count;
            var reach = buffer / 2;
            var touch = Thresholds;
            for (var i = Math.Max(0, span.First - reach); i <= Math.Min(labels.Length - 1, span.Last + reach); i++)
            {
                var distance = Math.Max(0, Math.Max(span.First - i, i - span.Last));
                labels[i] = Math.Max(labels[i], distance == 0 ? 1 : Math.Sqrt(1 - ((double)distance / buffer)));
                touch = Math.Min(touch, ranks[i]);
            }

            firstTouch.Add(touch);
        }

        var reached = new (double True, int Points)[Thresholds];
        for (var i = 0; i < ranks.Length; i++)
        {
            reached[ranks[i]].True += labels[i];
            reached[ranks[i]].Points++;
        }

        var positives = (points + labels.Sum()) / 2;
        var (area, hits, fired, recallBefore) = (0.0, 0.0, 0, 0.0);
        for (var k = 0; k < Thresholds; k++)
        {
            hits += reached[k].True;
            fired += reached[k].Points;
            var existence = buffer == 0 ? 1 : firstTouch.Count(touch => touch <= k) / (double)firstTouch.Count;
            var recall = Math.Min(1, hits / positives) * existence;
            area += fired == 0 ? 0 : (recall - recallBefore) * hits / fired;
            recallBefore = recall;
        }

        return area;
    }
}
