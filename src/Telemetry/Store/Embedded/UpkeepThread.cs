namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>A thread of the store that does its work whenever it is woken, and once at the start.</summary>
internal sealed class UpkeepThread : IDisposable
{
    private readonly AutoResetEvent wanted = new(initialState: true);
    private readonly Action work;
    private readonly Thread thread;
    private volatile bool stopping;

    public UpkeepThread(string name, Action work)
    {
        this.work = work;
        thread = new Thread(Run) { Name = name, IsBackground = true };
        thread.Start();
    }

    /// <summary>Whether the work is to end as soon as it can.</summary>
    public bool IsStopping => stopping;

    public void Wake() => wanted.Set();

    public void Dispose()
    {
        stopping = true;
        wanted.Set();
        thread.Join();
        wanted.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            wanted.WaitOne();
            if (stopping)
            {
                return;
            }

            work();
        }
    }
}
