using System.Runtime.CompilerServices;
using NetPulse.Lab.Interop;

namespace NetPulse.Lab.Tests.Interop;

public sealed class LibCTests
{
    [Fact]
    public void The_mirrored_structs_have_the_kernels_sizes()
    {
        Assert.Equal(40, Unsafe.SizeOf<LibC.IfReq>());
        Assert.Equal(8, Unsafe.SizeOf<LibC.PollFd>());
        Assert.Equal(16, Unsafe.SizeOf<LibC.TimeSpec>());
    }
}
