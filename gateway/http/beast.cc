// Beast is compiled here once, not in every source (BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/beast/src.hpp>
