namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>Where in the week a time lies, in UTC.</summary>
/// <param name="Hour">0 to 167. The epoch was a Thursday; with which day the week starts does not matter.</param>
/// <param name="NearestHour">The one whose middle is the second nearest: the hour before in the first half of an hour, the one after in the second.</param>
/// <param name="ShareOfNearest">How far the time is on its way there: 0 in the middle of its own hour, a half at its ends.</param>
internal readonly record struct TimeOfWeek(int Hour, int NearestHour, float ShareOfNearest)
{
    private const int MillisecondsPerHour = 3_600_000;

    public int HourOfDay => Hour % 24;

    public static TimeOfWeek At(long unixMilliseconds)
    {
        var time = Math.Max(0, unixMilliseconds);
        var hour = (int)(time / MillisecondsPerHour % HourOfWeek.Hours);
        var fromMiddle = ((int)(time % MillisecondsPerHour) / (float)MillisecondsPerHour) - 0.5f;
        return new TimeOfWeek(hour, (hour + (fromMiddle < 0 ? HourOfWeek.Hours - 1 : 1)) % HourOfWeek.Hours, Math.Abs(fromMiddle));
    }
}
