using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using NetPulse.Lab.Interop;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Forwarding;

/// <summary>Carries the packets of one direction from a pod's device through the link to the other pod's device, on a thread of its own.</summary>
internal sealed class ForwardingThread : IDisposable
{
    /// <summary>Packets read in one go, so that a burst does not hold up those that are due.</summary>
    private const int Burst = 256;

    /// <summary>Under traffic, packets are carried a few at a time: each is up to this much late, and the machine keeps its processors for others.</summary>
    private const long PauseNanoseconds = 250_000;

    /// <summary>Stands for "until a packet comes".</summary>
    private const long LongestWaitNanoseconds = 3_600_000_000_000;

    private readonly SafeFileHandle from;
    private readonly SafeFileHandle to;
    private readonly BottleneckLink link;
    private readonly TimeProvider time;
    private readonly SafeFileHandle stop;
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread thread;

    /// <param name="name">As <c>uploader-0 > archive-0</c>.</param>
    /// <exception cref="LabException">The process has no descriptor left.</exception>
    internal ForwardingThread(string name, TunDevice from, TunDevice to, BottleneckLink link, TimeProvider time)
    {
        this.from = from.Handle;
        this.to = to.Handle;
        this.link = link;
        this.time = time;
        stop = LibC.eventfd(0, LibC.EFD_CLOEXEC);
        if (stop.IsInvalid)
        {
            var errno = Marshal.GetLastPInvokeError();
            stop.Dispose();
            throw new LabException("open an eventfd", Marshal.GetPInvokeErrorMessage(errno), "raise the process's file limit");
        }

        thread = new Thread(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>Ends when disposed of; fails with a <see cref="LabException"/> when a device has gone away.</summary>
    internal Task Completion => completion.Task;

    private long NowNanoseconds => time.GetTimestamp();

    public void Dispose()
    {
        // An eventfd counts: any number above zero makes it readable, and this one cannot overflow.
        Span<byte> one = [1, 0, 0, 0, 0, 0, 0, 0];
        _ = LibC.write(stop, ref one[0], one.Length);
        thread.Join();
        stop.Dispose();
    }

    private void Run()
    {
        try
        {
            // On a loaded machine an ordinary thread runs milliseconds after its time. A kernel that refuses leaves us just that late.
            var lowest = 1;
            _ = LibC.sched_setscheduler(0, LibC.SCHED_RR, in lowest);
            Forward();
            completion.SetResult();
        }
        catch (LabException e)
        {
            completion.SetException(e);
        }
    }

    private void Forward()
    {
#pragma warning disable S3869 // poll(2) takes bare numbers; both handles outlive this thread, whose end their owners wait for
        Span<LibC.PollFd> watched =
        [
            new LibC.PollFd { fd = (int)stop.DangerousGetHandle(), events = LibC.POLLIN },
            new LibC.PollFd { fd = (int)from.DangerousGetHandle(), events = LibC.POLLIN },
        ];
#pragma warning restore S3869
        while (watched[0].revents == 0)
        {
            var read = ReadBurst();
            var busy = WriteDue() || read;
            var wait = busy ? PauseNanoseconds : Math.Clamp(link.NextEventNanoseconds - NowNanoseconds, 0, LongestWaitNanoseconds);
            var timeout = new LibC.TimeSpec { tv_sec = (nint)(wait / 1_000_000_000), tv_nsec = (nint)(wait % 1_000_000_000) };
            if (LibC.ppoll(ref watched[0], busy ? 1u : 2u, in timeout, 0) < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno != LibC.EINTR)
                {
                    throw Gone("wait for packets", errno);
                }

                watched[0].revents = 0;
            }
        }
    }

    /// <returns>Whether there were packets.</returns>
    private bool ReadBurst()
    {
        for (var packets = 0; packets < Burst; packets++)
        {
            var length = LibC.read(from, ref link.Incoming[0], BottleneckLink.SlotBytes);
            if (length <= 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                return errno is LibC.EAGAIN or LibC.EINTR ? packets > 0 : throw Gone("read a packet", errno);
            }

            link.Accept((int)length, NowNanoseconds);
            if (!link.Reply.IsEmpty)
            {
                // One that the sender's device has no room for is lost, as any ICMP message may be.
                _ = LibC.write(from, in link.Reply[0], link.Reply.Length);
            }
        }

        return true;
    }

    /// <returns>Whether there were packets.</returns>
    private bool WriteDue()
    {
        var any = false;
        while (link.TryPeek(NowNanoseconds, out var packet))
        {
            any = true;
            if (LibC.write(to, in packet[0], packet.Length) == packet.Length)
            {
                link.Delivered();
                continue;
            }

            var errno = Marshal.GetLastPInvokeError();
            if (errno == LibC.EBADFD)
            {
                throw Gone("write a packet", errno);
            }

            link.Refused();
        }

        return any;
    }

    private LabException Gone(string tried, int errno) =>
        new($"{tried} ({thread.Name})", Marshal.GetPInvokeErrorMessage(errno), "the pod's device was deleted under the lab: start it again");
}
