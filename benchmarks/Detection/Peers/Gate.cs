using System.Runtime.Intrinsics;
using NetPulse.Optimizer.Detection.Calibration;

namespace NetPulse.Benchmarks.Detection.Peers;

/// <summary>The gate of our own pipeline, for a detector that has none.</summary>
internal static class Gate
{
    public static float[] Pass(float[] scores)
    {
        var gate = default(HighestOfLast);
        var passed = new float[scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            passed[i] = gate.Pass(Vector256.Create(scores[i]), Vector256<float>.AllBitsSet)[0];
        }

        return passed;
    }
}
