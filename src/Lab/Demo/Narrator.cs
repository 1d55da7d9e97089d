namespace NetPulse.Lab.Demo;

/// <summary>Tells the story line by line, each with the time since the start.</summary>
internal sealed class Narrator(TextWriter output, TimeProvider time)
{
    private readonly long start = time.GetTimestamp();
    private readonly Lock gate = new();

    public void Tell(string subject, string text)
    {
        lock (gate)
        {
            output.WriteLine($"[{time.GetElapsedTime(start).TotalSeconds,6:0.0} s] {subject,-10} {text}");
            output.Flush();
        }
    }
}
