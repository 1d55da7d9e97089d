namespace NetPulse.Telemetry.Series;

/// <summary>The order in which series are shown.</summary>
public static class LabelOrder
{
    /// <summary>By the first label that differs, its name before its value, ordinally; the shorter of two before the longer.</summary>
    public static int Compare(LabelSet left, LabelSet right)
    {
        for (var i = 0; i < Math.Min(left.Labels.Length, right.Labels.Length); i++)
        {
            var order = string.CompareOrdinal(left.Labels[i].Name, right.Labels[i].Name);
            order = order != 0 ? order : string.CompareOrdinal(left.Labels[i].Value, right.Labels[i].Value);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Labels.Length.CompareTo(right.Labels.Length);
    }
}
