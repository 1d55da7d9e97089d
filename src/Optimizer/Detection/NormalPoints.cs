namespace NetPulse.Optimizer.Detection;

/// <summary>The latest normal points of a series, kept in order of value, so that its range is known at each point without sorting anew.</summary>
/// <param name="capacity">When it is reached, the oldest point makes way.</param>
internal sealed class NormalPoints(int capacity)
{
    private readonly Queue<double> byAge = new(capacity);
    private readonly List<double> byValue = new(capacity);

    public int Count => byValue.Count;

    public double Median => Quantile(0.5);

    public void Add(double value)
    {
        if (byAge.Count == capacity)
        {
            byValue.RemoveAt(byValue.BinarySearch(byAge.Dequeue()));
        }

        byAge.Enqueue(value);
        var at = byValue.BinarySearch(value);
        byValue.Insert(at < 0 ? ~at : at, value);
    }

    /// <summary>Linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996).</summary>
    public double Quantile(double q)
    {
        var position = q * (byValue.Count - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, byValue.Count - 1);
        return byValue[below] + ((position - below) * (byValue[above] - byValue[below]));
    }

    /// <summary>The median of the points' distances from their median; of an even count, the upper one of the two in the middle.</summary>
    public double MedianAbsoluteDeviation()
    {
        var median = Median;
        var above = byValue.FindIndex(value => value >= median);
        var below = above - 1;
        var distance = 0.0;
        for (var taken = 0; taken <= byValue.Count / 2; taken++)
        {
            // Distances grow to both sides of the median: the next smallest is at one of two places.
            var isBelow = above == byValue.Count || (below >= 0 && median - byValue[below] < byValue[above] - median);
            distance = isBelow ? median - byValue[below--] : byValue[above++] - median;
        }

        return distance;
    }
}
