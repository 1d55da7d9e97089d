namespace NetPulse.Benchmarks.Detection.Peers;

/// <summary>The gate of our own pipeline (HighestOfLast), for a detector that has none: a score passes when it is a tenth higher than the last 100.</summary>
internal static class Gate
{
    public static float[] Pass(float[] scores)
    {
        var passed = new float[scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var before = 0f;
            for (var k = Math.Max(0, i - 100); k < i; k++)
            {
                before = Math.Max(before, scores[k]);
            }

            passed[i] = scores[i] > before * 1.1f ? scores[i] : 0;
        }

        return passed;
    }
}
